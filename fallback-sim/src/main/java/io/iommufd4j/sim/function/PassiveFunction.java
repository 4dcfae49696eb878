// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.function;

import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.pci.FunctionKind;
import io.iommufd4j.sim.pci.PciBus;
import io.iommufd4j.sim.pci.PciConfigSpace;
import java.util.List;

/** A function that is there to share a group or to be in the way: it has no registers to use. */
public final class PassiveFunction extends ModelFunction {

  private static final int SUBSYSTEM_VENDOR = 0x1af4;
  private static final int SUBSYSTEM = 0x1100;

  /** A function of a kind; {@link #plug} puts it on its bus. */
  public PassiveFunction(IommuDevice device, PciBus bus, FunctionKind kind) {
    super(
        device,
        bus,
        new PciConfigSpace(
            kind.vendor(),
            kind.device(),
            kind.classCode() << 8 | kind.revision(),
            SUBSYSTEM_VENDOR,
            SUBSYSTEM),
        List.of());
  }
}
