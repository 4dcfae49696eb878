// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.sysfs;

import io.iommufd4j.sim.fs.Sysfs;
import io.iommufd4j.sim.pci.DriverCore;
import io.iommufd4j.sim.pci.PciDriver;
import io.iommufd4j.sim.pci.PciFunction;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * {@code /sys/bus/pci/drivers}, and the links between drivers and functions. Guarded by its owner.
 */
final class DriversView {

  private static final String DRIVERS = "bus/pci/drivers/";

  private final Sysfs sysfs;
  private final DriverCore core;
  // The link below the driver, by the address of the function.
  private final Map<String, String> links = new HashMap<>();

  DriversView(Sysfs sysfs, DriverCore core) {
    this.sysfs = sysfs;
    this.core = core;
  }

  /** Shows every driver. */
  void show() {
    sysfs.command("bus/pci/drivers_probe", core::probe);
    core.drivers().forEach(this::show);
  }

  private void show(PciDriver driver) {
    String place = DRIVERS + driver.name();
    sysfs.command(place + "/bind", address -> core.bind(driver, address));
    sysfs.command(place + "/unbind", address -> core.unbind(driver, address));
    sysfs.command(place + "/new_id", id -> core.addId(driver, id));
    sysfs.command(place + "/remove_id", id -> core.removeId(driver, id));
  }

  /**
   * A function's driver may be another now.
   *
   * @param place the function's directory
   * @param driver its driver's name; null for none
   */
  void link(PciFunction function, String place, @Nullable String driver) {
    String before = links.remove(function.address());
    if (before != null) {
      sysfs.remove(before);
      sysfs.remove(place + "/driver");
    }
    if (driver != null) {
      String link = DRIVERS + driver + "/" + function.address();
      sysfs.link(link, place);
      sysfs.link(place + "/driver", DRIVERS + driver);
      links.put(function.address(), link);
    }
  }
}
