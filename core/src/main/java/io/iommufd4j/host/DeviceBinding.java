package io.iommufd4j.host;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import java.util.ArrayList;
import java.util.List;

/** One device on its way to vfio-pci and back: what it was, and the writes between. */
final class DeviceBinding {

  static final String VFIO_PCI = "vfio-pci";

  private final Kernel kernel;
  private final Host host;
  private final PciDevice before;

  DeviceBinding(Kernel kernel, Host host, PciDevice before) {
    this.kernel = kernel;
    this.host = host;
    this.before = before;
  }

  /** The device as it was found. */
  PciDevice before() {
    return before;
  }

  /** Whether it was vfio-pci's already: nothing is to do, and nothing to restore. */
  boolean already() {
    return before.boundTo(VFIO_PCI);
  }

  /**
   * Refuses what cannot succeed, before the former driver is touched.
   *
   * @throws HostException ENOENT without vfio-pci, EINVAL without an IOMMU group
   */
  void check() {
    if (!host.hasDriver(VFIO_PCI)) {
      throw new HostException(
          "bind " + before.address() + " to vfio-pci",
          Errno.ENOENT,
          "the driver is not loaded: modprobe vfio-pci");
    }
    if (before.group().isEmpty() && !host.takesDevicesWithoutIommu()) {
      throw new HostException(
          "bind " + before.address() + " to vfio-pci",
          Errno.EINVAL,
          "the device is in no IOMMU group: is the IOMMU enabled in firmware and kernel? Without"
              + " one VFIO takes it only with enable_unsafe_noiommu_mode=1, and nothing confines"
              + " its DMA then");
    }
  }

  /** Takes the device to vfio-pci; half done when it throws. */
  void bind() {
    override(VFIO_PCI).carryOut(kernel, errno -> "");
    before.driver().ifPresent(driver -> unbindFrom(driver).carryOut(kernel, errno -> ""));
    new SysfsWrite(host.driversProbe(), name()).carryOut(kernel, errno -> "");
    var now = host.device(before.address());
    if (now.driver().isEmpty()) {
      // A probe that fails leaves no errno behind; asking for this driver by name does.
      bindTo(VFIO_PCI).carryOut(kernel, DeviceBinding::probeHint);
      now = host.device(before.address());
    }
    if (!now.boundTo(VFIO_PCI)) {
      throw new HostException(
          "bind " + name() + " to vfio-pci",
          Errno.EBUSY,
          "driver " + now.driver().orElse("none") + " holds it");
    }
  }

  /**
   * Undoes what {@link #bind} did, as far as it is still so; a state that someone else made stays.
   *
   * @return every failure; what comes after one is tried all the same
   */
  List<HostException> restore() {
    var failures = new ArrayList<HostException>();
    if (already()) {
      return failures;
    }
    attempt(
        failures,
        () -> {
          var now = host.device(before.address());
          if (now.boundTo(VFIO_PCI)) {
            release(kernel, host, now);
          }
        });
    attempt(
        failures,
        () -> {
          var now = host.device(before.address());
          if (now.driverOverride().filter(VFIO_PCI::equals).isPresent()
              && !now.driverOverride().equals(before.driverOverride())) {
            override(before.driverOverride().orElse("")).carryOut(kernel, errno -> "");
          }
        });
    attempt(
        failures,
        () -> {
          if (before.driver().isPresent() && host.device(before.address()).driver().isEmpty()) {
            bindTo(before.driver().get()).carryOut(kernel, DeviceBinding::formerDriverHint);
          }
        });
    return failures;
  }

  /** The writes that restore the device when this process no longer can. */
  List<SysfsWrite> undo() {
    if (already()) {
      return List.of();
    }
    var writes = new ArrayList<SysfsWrite>();
    writes.add(unbindFrom(VFIO_PCI));
    writes.add(override(before.driverOverride().orElse("")));
    before.driver().ifPresent(driver -> writes.add(bindTo(driver)));
    return writes;
  }

  /**
   * Takes a device from vfio-pci, unless someone has its cdev open.
   *
   * @throws HostException EBUSY when the kernel would wait for a process that holds the cdev
   */
  static void release(Kernel kernel, Host host, PciDevice device) {
    var holders =
        device
            .cdevPath()
            .map(new CdevHolders(host.sysfs().resolveSibling("proc"))::of)
            .orElse(List.of());
    if (!holders.isEmpty()) {
      throw new HostException(
          "unbind " + device.address() + " from vfio-pci",
          Errno.EBUSY,
          device.cdevPath().orElse("the cdev")
              + " is open in process "
              + String.join(", ", holders)
              + "; the kernel would wait until it is closed");
    }
    new SysfsWrite(host.driverDirectory(VFIO_PCI).resolve("unbind"), device.address().toString())
        .carryOut(kernel, errno -> "");
  }

  private String name() {
    return before.address().toString();
  }

  private SysfsWrite override(String driver) {
    return new SysfsWrite(host.directory(before.address()).resolve("driver_override"), driver);
  }

  private SysfsWrite bindTo(String driver) {
    return new SysfsWrite(host.driverDirectory(driver).resolve("bind"), name());
  }

  private SysfsWrite unbindFrom(String driver) {
    return new SysfsWrite(host.driverDirectory(driver).resolve("unbind"), name());
  }

  private static void attempt(List<HostException> failures, Runnable step) {
    try {
      step.run();
    } catch (HostException failed) {
      failures.add(failed);
    }
  }

  private static String probeHint(int errno) {
    if (errno == Errno.EINVAL) {
      return "vfio-pci takes endpoints with an IOMMU, and no bridges";
    }
    if (errno == Errno.EBUSY) {
      return "a virtual function's physical function, or its group, is in use";
    }
    return "";
  }

  private static String formerDriverHint(int errno) {
    return errno == Errno.ENOENT ? "the former driver is no longer loaded" : "";
  }
}
