// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommu;

/** A device's place in its group ({@code struct group_device}); guarded by the group's lock. */
final class GroupDevice {

  final IommuDevice device;

  /** While a reset runs the device stays blocked whatever the group does. */
  boolean blocked;

  /** The number of its resets that are running. */
  int resets;

  GroupDevice(IommuDevice device) {
    this.device = device;
  }

  /**
   * True if its DMA can carry PASIDs; a device without them does not limit the PASIDs of its group.
   */
  boolean carriesPasids() {
    return device.maxPasids() > 0;
  }
}
