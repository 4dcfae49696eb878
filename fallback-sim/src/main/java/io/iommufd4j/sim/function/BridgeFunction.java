// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.function;

import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.pci.PciBus;
import io.iommufd4j.sim.pci.PciConfigSpace;
import java.util.List;

/**
 * A bridge, or the port of a switch or root complex: configuration registers with a header of type
 * 1, and a bus behind it.
 */
public final class BridgeFunction extends ModelFunction {

  /**
   * A bridge.
   *
   * @param classRevision class in bits 31:8, revision in bits 7:0, as {@code PCI_CLASS_REVISION}
   * @param primary the bus that it is on
   * @param secondary the bus behind it
   */
  public BridgeFunction(
      IommuDevice device,
      PciBus bus,
      int vendor,
      int deviceId,
      int classRevision,
      int primary,
      int secondary) {
    super(device, bus, new PciConfigSpace(vendor, deviceId, classRevision, 0, 0), List.of());
    config().bridge(primary, secondary);
  }
}
