// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.function;

import io.iommufd4j.sim.driver.IommuPreset;
import io.iommufd4j.sim.driver.ModelDriver;
import io.iommufd4j.sim.iommu.AttachHandle;
import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.iommu.IommuGroup;
import io.iommufd4j.sim.iommu.PagingDomain;
import io.iommufd4j.sim.lib.FaultPlan;
import io.iommufd4j.sim.mm.ProcessMemory;
import io.iommufd4j.sim.mm.Protection;
import io.iommufd4j.sim.pci.PciBus;
import java.lang.foreign.MemorySegment;

/** An IOMMU with edu functions behind it, and memory for them to reach. */
public final class TestMachine implements AutoCloseable {

  public static final int PAGE = 4096;

  public final ProcessMemory memory = new ProcessMemory(new FaultPlan());
  public final ModelDriver driver;

  public TestMachine(IommuPreset preset) {
    driver = preset.driver(false);
  }

  public IommuGroup group(int id) {
    return new IommuGroup(id);
  }

  public EduFunction edu(String address, PciBus bus, IommuGroup group) {
    return edu(address, bus, group, 0);
  }

  public EduFunction edu(String address, PciBus bus, IommuGroup group, int pasids) {
    var device = new IommuDevice(address, driver, pasids, false, true);
    group.add(device);
    var edu = new EduFunction(device, bus, memory, 0xfea0_0000, 10);
    edu.plug();
    return edu;
  }

  /** A network card in a group of its own. */
  public IgbFunction igb(String address) {
    var device = new IommuDevice(address, driver, 0, false, true);
    group(9).add(device);
    IgbFunction card = IgbFunction.physical(device, new PciBus(true), memory, 0xfe40_0000, 11);
    card.plug();
    return card;
  }

  /** A controller with a drive, in a group of its own. */
  public NvmeFunction nvme(String address) {
    var device = new IommuDevice(address, driver, 0, false, true);
    group(9).add(device);
    NvmeFunction drive =
        NvmeFunction.physical(device, new PciBus(false), memory, 0xfe40_0000, 11, 0);
    drive.plug();
    return drive;
  }

  /** Zeroed memory of the process. */
  public MemorySegment pages(int count) {
    long bytes = (long) count * PAGE;
    long address = memory.mapAnonymous(bytes, new Protection(true, true));
    return MemorySegment.ofAddress(address).reinterpret(bytes);
  }

  /** A domain that translates one IOVA range to memory. */
  public PagingDomain domain(IommuDevice device, long iova, MemorySegment pages) {
    PagingDomain domain = driver.allocPaging(device, 0);
    memory.pin(pages.address(), pages.byteSize() / PAGE, true);
    domain.map(iova, pages.address(), pages.byteSize(), PagingDomain.READ | PagingDomain.WRITE);
    return domain;
  }

  public static void attach(IommuGroup group, PagingDomain domain) {
    group.replaceHandle(domain, new AttachHandle());
  }

  @Override
  public void close() {
    memory.close();
  }
}
