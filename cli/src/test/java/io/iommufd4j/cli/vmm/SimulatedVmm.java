// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.vmm;

import io.iommufd4j.DmaBuffer;
import io.iommufd4j.Hwpt;
import io.iommufd4j.Ioas;
import io.iommufd4j.Iommufd;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.pci.PciDevice;
import io.iommufd4j.pci.VfioBinding;
import io.iommufd4j.sim.HostProcess;
import io.iommufd4j.sim.Machine;
import io.iommufd4j.sim.SimKernel;
import io.iommufd4j.uapi.Access;
import io.iommufd4j.uapi.HwptFlag;
import io.iommufd4j.uapi.PageTableId;
import io.iommufd4j.vfio.VfioDevice;
import java.util.List;
import java.util.Set;

/** A machine on which another process uses a device as a VMM does. */
final class SimulatedVmm implements AutoCloseable {

  static final PciAddress ADDRESS = PciAddress.parse("0000:00:08.0");
  private static final long IOVA = 0x10_0000;

  final SimKernel kernel;
  final HostProcess process;
  final Iommufd iommufd;
  final VfioDevice device;
  final Ioas ioas;
  private final VfioBinding binding;
  private final DmaBuffer memory;
  private boolean runs = true;

  private SimulatedVmm(Machine machine) {
    kernel = SimKernel.on(machine);
    binding = VfioBinding.bind(kernel, List.of(ADDRESS));
    process = kernel.control().start("qemu-system-x86_64");
    iommufd = Iommufd.open(process);
    device = VfioDevice.open(process, ADDRESS);
    memory = DmaBuffer.allocate(process, 1 << 16);
    device.bind(iommufd);
    ioas = iommufd.newIoas();
    ioas.map(memory.segment(), IOVA, Access.READ_WRITE);
  }

  /** Attached to a HWPT of its own. */
  static SimulatedVmm withHwpt(String machine) {
    return withHwpt(Machine.named(machine), Set.of());
  }

  /** The same on a machine whose IOMMU notes which pages DMA writes. */
  static SimulatedVmm tracking(String machine) {
    return withHwpt(noting(machine), Set.of());
  }

  /** The same with a HWPT that is made for it. */
  static SimulatedVmm trackingItself(String machine) {
    return withHwpt(noting(machine), Set.of(HwptFlag.DIRTY_TRACKING));
  }

  private static Machine noting(String machine) {
    return Machine.named(machine).toBuilder().dirtyTracking(true).build();
  }

  private static SimulatedVmm withHwpt(Machine machine, Set<HwptFlag> flags) {
    var vmm = new SimulatedVmm(machine);
    Hwpt hwpt = vmm.iommufd.newHwpt(vmm.device, vmm.ioas, flags);
    vmm.device.attach(hwpt);
    return vmm;
  }

  /** Attached by its IOAS' id. */
  static SimulatedVmm automatic(String machine) {
    var vmm = new SimulatedVmm(Machine.named(machine));
    vmm.device.attach(vmm.ioas);
    return vmm;
  }

  PageTableId attached() {
    return device.attached().orElseThrow();
  }

  PciDevice found() {
    return Host.of(kernel).device(ADDRESS);
  }

  BorrowedDevice borrow() {
    return BorrowedDevice.of(kernel, found(), process.pid());
  }

  /** It is killed. */
  void exit() {
    runs = false;
    process.close();
  }

  @Override
  public void close() {
    if (runs) {
      exit();
    }
    binding.close();
    kernel.close();
  }
}
