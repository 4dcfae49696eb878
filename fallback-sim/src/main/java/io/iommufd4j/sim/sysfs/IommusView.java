// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.sysfs;

import io.iommufd4j.sim.driver.IommuUnit;
import io.iommufd4j.sim.driver.ModelDriver;
import io.iommufd4j.sim.fs.Sysfs;
import io.iommufd4j.sim.pci.PciFunction;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** {@code /sys/class/iommu}: IOMMUs, and the functions behind each. */
final class IommusView {

  private final Sysfs sysfs;
  private final Set<String> shown = ConcurrentHashMap.newKeySet();

  IommusView(Sysfs sysfs) {
    this.sysfs = sysfs;
  }

  /**
   * The mock IOMMU of {@code CONFIG_IOMMUFD_TEST}; its devices come and go with their contexts.
   *
   * @param driver its driver's name
   */
  void showMock(String driver) {
    String name = driver + ".0";
    String device = "devices/platform/" + name;
    String iommu = device + "/iommu/" + name;
    sysfs.directory(iommu + "/devices");
    sysfs.attribute(iommu + "/uevent", "");
    sysfs.link(iommu + "/device", device);
    sysfs.link(iommu + "/subsystem", "class/iommu");
    sysfs.link("class/iommu/" + name, iommu);
  }

  /**
   * A function is there, and so is its IOMMU.
   *
   * @param place the function's directory
   */
  void show(PciFunction function, String place, ModelDriver driver) {
    IommuUnit unit = driver.unit(function.device());
    String iommu = directory(unit);
    if (shown.add(unit.name())) {
      sysfs.link("class/iommu/" + unit.name(), iommu);
      sysfs.attribute(iommu + "/uevent", "");
      unit.registers()
          .attributes()
          .forEach((path, text) -> sysfs.attribute(iommu + "/" + path, text));
      sysfs.link(iommu + "/subsystem", "class/iommu");
    }
    sysfs.link(iommu + "/devices/" + function.address(), place);
  }

  /** A function is gone. */
  void remove(PciFunction function, ModelDriver driver) {
    sysfs.remove(directory(function, driver) + "/devices/" + function.address());
  }

  /** The directory of the IOMMU that translates for a function, below the root. */
  static String directory(PciFunction function, ModelDriver driver) {
    return directory(driver.unit(function.device()));
  }

  private static String directory(IommuUnit unit) {
    return "devices/virtual/iommu/" + unit.name();
  }
}
