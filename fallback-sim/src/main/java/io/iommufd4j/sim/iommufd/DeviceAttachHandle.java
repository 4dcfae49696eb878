package io.iommufd4j.sim.iommufd;

import io.iommufd4j.sim.iommu.AttachHandle;

/** Says which device an attachment was made through ({@code struct iommufd_attach_handle}). */
final class DeviceAttachHandle extends AttachHandle {

  final IommufdDevice device;

  DeviceAttachHandle(IommufdDevice device) {
    this.device = device;
  }
}
