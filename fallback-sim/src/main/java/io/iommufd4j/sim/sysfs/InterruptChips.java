// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.sysfs;

import io.iommufd4j.sim.driver.IommuModel;
import io.iommufd4j.sim.fs.Sysfs;
import io.iommufd4j.sim.machine.MachineDescription;

/**
 * {@code /sys/kernel/irq} of one interrupt of a device: the chip's name is all that Linux shows of
 * interrupt isolation.
 */
final class InterruptChips {

  private final Sysfs sysfs;

  InterruptChips(Sysfs sysfs) {
    this.sysfs = sysfs;
  }

  void show(MachineDescription machine) {
    sysfs.attribute("kernel/irq/24/chip_name", chip(machine) + "\n");
  }

  private static String chip(MachineDescription machine) {
    boolean isolates = machine.settings().isolatedInterrupts();
    if (machine.model().filter(IommuModel::ofArm).isPresent()) {
      return isolates ? "ITS-PCI-MSIX-0000:00:01.0" : "GICv3";
    }
    return (isolates ? "IR-" : "") + "PCI-MSIX-0000:00:02.0";
  }
}
