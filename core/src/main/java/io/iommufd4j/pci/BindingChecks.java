// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.pci;

import io.iommufd4j.error.HostException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Finds what makes taking a device for vfio-pci impossible or harmful, by looking alone: whatever
 * is found here is found before the host is touched.
 */
final class BindingChecks {

  /** Class of network controllers. */
  private static final int NETWORK = 0x02;

  private final Kernel kernel;
  private final Host host;
  private final PciDevice device;

  BindingChecks(Kernel kernel, Host host, PciDevice device) {
    this.kernel = kernel;
    this.host = host;
    this.device = device;
  }

  /**
   * Refuses to take the device.
   *
   * @throws HostException ENOENT without vfio-pci; EINVAL for a bridge, for a device that no IOMMU
   *     translates for, and for one whose group the firmware has mappings in; EBUSY for a physical
   *     function of which a virtual one is in use
   */
  void take() {
    if (!host.hasDriver(DeviceBinding.VFIO_PCI)) {
      throw refuse(Errno.ENOENT, "the driver is not loaded: modprobe vfio-pci");
    }
    if (device.bridge()) {
      throw refuse(
          Errno.EINVAL,
          "it is a bridge, and vfio-pci takes endpoints only; the devices behind it are taken one"
              + " by one");
    }
    if (device.group().isEmpty()
        && !host.groupsOnBind(device)
        && !host.takesDevicesWithoutIommu()) {
      throw refuse(
          Errno.EINVAL,
          "the device is in no IOMMU group: is the IOMMU enabled in firmware and kernel? Without"
              + " one VFIO takes it only with enable_unsafe_noiommu_mode=1, and nothing confines"
              + " its DMA then");
    }
    host.firmwareMapping(device)
        .ifPresent(why -> {
          throw refuse(Errno.EINVAL, why);
        });
    carrier(host, device)
        .ifPresent(carrier -> {
          throw refuse(
              Errno.EBUSY,
              "it lies below "
                  + carrier.address()
                  + ", which is in its IOMMU group and has the driver "
                  + carrier.driver().orElse("none")
                  + ": VFIO gets the group only without that driver, and the device is gone with it."
                  + " Where it is a VMD, switch that off in firmware");
        });
    functionsInUse()
        .ifPresent(why -> {
          throw refuse(Errno.EBUSY, why + "; taking it would remove them");
        });
  }

  /** A controller whose driver keeps the group from VFIO, and carries the device. */
  static Optional<PciDevice> carrier(Host host, PciDevice device) {
    return host.blockers(device).stream()
        .filter(blocker -> host.carries(blocker, device))
        .findFirst();
  }

  /**
   * Refuses to take the device from its VFIO driver.
   *
   * @throws HostException EBUSY when the kernel would wait for somebody who holds it or one of its
   *     virtual functions
   */
  void release() {
    String held = held(VfioHolders.of(kernel, host), device);
    if (!held.isEmpty()) {
      throw new HostException(
          unbinding(), Errno.EBUSY, held + "; the kernel would wait until it lets go");
    }
    functionsInUse()
        .ifPresent(why -> {
          throw new HostException(
              unbinding(), Errno.EBUSY, why + "; unbinding it would remove them");
        });
  }

  /** The first of its virtual functions that somebody uses, in words. */
  private Optional<String> functionsInUse() {
    List<PciDevice> functions = host.virtualFunctions(device);
    if (functions.isEmpty()) {
      return Optional.empty();
    }
    var holders = VfioHolders.of(kernel, host);
    for (PciDevice function : functions) {
      String held = held(holders, function);
      if (held.isEmpty()) {
        held = usedByHost(function);
      }
      if (!held.isEmpty()) {
        return Optional.of("its virtual function " + function.address() + " is in use: " + held);
      }
    }
    return Optional.empty();
  }

  /** The host's use of a function by its own driver, in words; empty when it uses nothing of it. */
  private String usedByHost(PciDevice function) {
    if (function.driver().isEmpty() || function.heldByVfio()) {
      return "";
    }
    var use = HostUse.of(host, function.address());
    var reasons = new ArrayList<String>();
    use.interfaces().stream()
        .filter(HostUse.Interface::used)
        .forEach(used -> reasons.add("its network interface " + used.use()));
    use.disks().stream()
        .filter(HostUse.Disk::used)
        .forEach(used -> reasons.add("its disk " + used.name() + " is in use"));
    if (function.classCode() >>> 16 == NETWORK && use.interfaces().isEmpty()) {
      reasons.add(
          "its driver "
              + function.driver().get()
              + " has an interface that is not shown here, as one that was moved to a container");
    }
    return String.join(", ", reasons);
  }

  private static String held(VfioHolders holders, PciDevice device) {
    String found = Holder.describe(holders.of(device));
    return found.isEmpty() ? holders.hidden(device).orElse("") : found;
  }

  private String unbinding() {
    return "unbind " + device.address() + " from " + device.driver().orElse("its driver");
  }

  private HostException refuse(Errno errno, String why) {
    return new HostException("take " + device.address() + " for vfio-pci", errno, why);
  }
}
