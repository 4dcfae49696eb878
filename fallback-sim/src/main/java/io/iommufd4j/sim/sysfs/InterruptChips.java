// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.sysfs;

import io.iommufd4j.sim.driver.IommuPreset;
import io.iommufd4j.sim.fs.Sysfs;
import io.iommufd4j.sim.machine.MachineDescription;
import java.util.Set;

/**
 * {@code /sys/kernel/irq} of one interrupt of a device: the chip's name is all that Linux shows of
 * interrupt isolation.
 */
final class InterruptChips {

  private static final Set<IommuPreset> OF_ARM = Set.of(IommuPreset.SMMUV3, IommuPreset.SMMUV3_FWB);

  private final Sysfs sysfs;

  InterruptChips(Sysfs sysfs) {
    this.sysfs = sysfs;
  }

  void show(MachineDescription machine) {
    sysfs.attribute("kernel/irq/24/chip_name", chip(machine) + "\n");
  }

  private static String chip(MachineDescription machine) {
    boolean isolates = machine.isolatedInterrupts();
    if (machine.iommu().filter(OF_ARM::contains).isPresent()) {
      return isolates ? "ITS-PCI-MSIX-0000:00:01.0" : "GICv3";
    }
    return (isolates ? "IR-" : "") + "PCI-MSIX-0000:00:02.0";
  }
}
