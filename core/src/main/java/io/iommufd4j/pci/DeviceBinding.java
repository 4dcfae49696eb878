// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.pci;

import io.iommufd4j.error.HostException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.ErrnoCode;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.SysfsWrite;
import io.iommufd4j.pci.WatchedWrites.Hints;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One device on its way to vfio-pci and back: what it was, and the writes between. They are made by
 * a process of their own, which gives the device back should this one be killed.
 */
final class DeviceBinding {

  static final String VFIO_PCI = "vfio-pci";

  private final Kernel kernel;
  private final Host host;
  private final PciDevice before;
  private final VirtualFunctions functions;
  private final WatchedWrites writes;

  DeviceBinding(Kernel kernel, Host host, PciDevice before, Patience patience) {
    this.kernel = kernel;
    this.host = host;
    this.before = before;
    this.functions = VirtualFunctions.of(host, before);
    this.writes = new WatchedWrites(kernel, patience, this::holders);
  }

  /** The device as it was found. */
  PciDevice before() {
    return before;
  }

  /** The virtual functions it had: they go with its driver and come back with it. */
  List<PciDevice> functions() {
    return functions.functions();
  }

  /** True if a VFIO driver had it already: nothing is to do, and nothing to restore. */
  boolean already() {
    return before.heldByVfio();
  }

  /**
   * Refuses what cannot succeed, before the former driver is touched.
   *
   * @throws HostException as {@link BindingChecks#take}
   */
  void check() {
    new BindingChecks(kernel, host, before).take();
  }

  /** Takes the device to vfio-pci; half done when it throws. */
  void bind() {
    writes.undo(undo());
    writes.write(override(VFIO_PCI), Hints.NONE);
    before.driver().ifPresent(driver -> writes.write(unbindFrom(driver), Hints.NONE));
    writes.write(new SysfsWrite(host.driversProbe(), name()), Hints.NONE);
    var now = host.device(before.address());
    if (now.driver().isEmpty()) {
      // A probe that fails leaves no errno behind; asking for this driver by name does.
      writes.write(bindTo(VFIO_PCI), this::probeHint);
      now = host.device(before.address());
    }
    if (!now.boundTo(VFIO_PCI)) {
      throw new HostException(
          "bind " + name() + " to vfio-pci",
          Errno.EBUSY,
          "driver " + now.driver().orElse("none") + " holds it");
    }
  }

  /** The device stays where it is now, whatever becomes of this process. */
  void keep() {
    writes.close();
  }

  /**
   * Undoes what {@link #bind} did, as far as it is still so; a state that someone else made stays.
   *
   * @return every failure; what comes after one is tried all the same
   */
  List<HostException> restore() {
    var failures = new ArrayList<HostException>();
    if (already() || writes.stuck()) {
      return failures;
    }
    attempt(
        failures,
        () -> {
          var now = host.device(before.address());
          if (now.boundTo(VFIO_PCI)) {
            new BindingChecks(kernel, host, now).release();
            writes.write(unbindFrom(VFIO_PCI), Hints.NONE);
          }
        });
    attempt(
        failures,
        () -> {
          var now = host.device(before.address());
          if (now.driverOverride().filter(VFIO_PCI::equals).isPresent()
              && !now.driverOverride().equals(before.driverOverride())) {
            writes.write(override(before.driverOverride().orElse("")), Hints.NONE);
          }
        });
    attempt(
        failures,
        () -> {
          if (before.driver().isPresent() && host.device(before.address()).driver().isEmpty()) {
            writes.write(bindTo(before.driver().get()), DeviceBinding::formerDriverHint);
          }
        });
    restoreFunctions(failures);
    if (failures.isEmpty()) {
      writes.close();
    }
    return failures;
  }

  /** Makes the virtual functions again that went with the former driver. */
  private void restoreFunctions(List<HostException> failures) {
    if (functions.none()) {
      return;
    }
    attempt(
        failures,
        () -> {
          var now = host.device(before.address());
          if (now.driver().equals(before.driver()) && host.virtualFunctions(now).isEmpty()) {
            writes.write(
                functions.count(host),
                errno -> "its " + functions.functions().size() + " virtual functions are gone");
          }
        });
    for (PciDevice function : functions.functions()) {
      attempt(failures, () -> restoreFunction(function));
    }
  }

  private void restoreFunction(PciDevice was) {
    String address = was.address().toString();
    var now = host.device(was.address());
    if (!now.driverOverride().equals(was.driverOverride())) {
      writes.write(
          new SysfsWrite(
              host.directory(was.address()).resolve("driver_override"),
              was.driverOverride().orElse("")),
          Hints.NONE);
    }
    if (now.driver().equals(was.driver())) {
      return;
    }
    now.driver()
        .ifPresent(driver ->
            writes.write(
                new SysfsWrite(host.driverDirectory(driver).resolve("unbind"), address),
                Hints.NONE));
    was.driver()
        .ifPresent(driver ->
            writes.write(
                new SysfsWrite(host.driverDirectory(driver).resolve("bind"), address),
                DeviceBinding::formerDriverHint));
  }

  /** The writes that restore the device when this process no longer can. */
  List<SysfsWrite> undo() {
    if (already()) {
      return List.of();
    }
    var undo = new ArrayList<SysfsWrite>();
    undo.add(unbindFrom(VFIO_PCI));
    undo.add(override(before.driverOverride().orElse("")));
    before.driver().ifPresent(driver -> undo.add(bindTo(driver)));
    undo.addAll(functions.undo(host));
    return undo;
  }

  /**
   * Takes a device from its VFIO driver for the host's drivers to probe, unless somebody holds it.
   *
   * @return the driver that took it
   * @throws HostException EBUSY when somebody holds the device or one of its virtual functions, or
   *     when vfio-pci takes it back at once; ETIMEDOUT when the kernel did not let go in time
   */
  Optional<String> release() {
    new BindingChecks(kernel, host, before).release();
    String driver = before.driver().orElseThrow();
    boolean overridden = before.driverOverride().filter(driver::equals).isPresent();
    // Should this process give up or be killed in between, the device is as it was found.
    var undo = new ArrayList<SysfsWrite>();
    undo.add(override(driver));
    undo.add(bindTo(driver));
    if (!overridden) {
      undo.add(override(before.driverOverride().orElse("")));
    }
    writes.undo(undo);
    writes.write(unbindFrom(driver), Hints.NONE);
    if (overridden) {
      writes.write(override(""), Hints.NONE);
    }
    writes.write(new SysfsWrite(host.driversProbe(), name()), Hints.NONE);
    writes.close();
    var after = host.device(before.address());
    if (after.boundTo(driver)) {
      throw new HostException(
          "unbind " + name() + " from " + driver, Errno.EBUSY, takenBack(driver, after));
    }
    return after.driver();
  }

  private String takenBack(String driver, PciDevice after) {
    if (after.driverOverride().isPresent()) {
      return driver + " took it back at once: driver_override says so";
    }
    String ids = String.format("%04x %04x", before.vendorId(), before.deviceId());
    return driver
        + " took it back at once, for it was given these ids by new_id, as driverctl does; first take"
        + " them from it:"
        + " echo "
        + ids
        + " > "
        + host.driverDirectory(driver).resolve("remove_id");
  }

  private String holders() {
    return Holder.describe(VfioHolders.of(kernel, host).of(before));
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
      // After a write that was given up each further one fails with the same.
      if (!failures.contains(failed)) {
        failures.add(failed);
      }
    }
  }

  private String probeHint(ErrnoCode errno) {
    return switch (errno) {
      case Errno.EINVAL ->
          before.group().isEmpty()
              ? "no IOMMU translates for it: the kernel put it in no group even now that vfio-pci"
                  + " was to have it"
              : "vfio-pci takes endpoints with an IOMMU, and no bridges";
      case Errno.EBUSY ->
          functions.none()
              ? "a virtual function's physical function, or its group, is in use"
              : "its former driver left SR-IOV enabled, and vfio-pci takes no physical function that"
                  + " has virtual ones: write 0 to its sriov_numvfs first";
      default -> "";
    };
  }

  private static String formerDriverHint(ErrnoCode errno) {
    return errno == Errno.ENOENT ? "the former driver is no longer loaded" : "";
  }
}
