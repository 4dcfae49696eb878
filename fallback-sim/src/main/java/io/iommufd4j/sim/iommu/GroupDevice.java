package io.iommufd4j.sim.iommu;

/** A device's place in its group ({@code struct group_device}); guarded by the group's lock. */
final class GroupDevice {

  final IommuDevice device;

  /** While a reset runs the device stays blocked whatever the group does. */
  boolean blocked;

  /** How many resets of it run. */
  int resets;

  GroupDevice(IommuDevice device) {
    this.device = device;
  }

  /** Whether its DMA can carry PASIDs: one that cannot is in no PASID's way. */
  boolean carriesPasids() {
    return device.maxPasids() > 0;
  }
}
