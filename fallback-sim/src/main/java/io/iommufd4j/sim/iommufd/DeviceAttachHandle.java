package io.iommufd4j.sim.iommufd;

import io.iommufd4j.sim.iommu.AttachHandle;
import io.iommufd4j.sim.iommu.IommuDevice;

/** Says which device an attachment was made through ({@code struct iommufd_attach_handle}). */
final class DeviceAttachHandle extends AttachHandle {

  final IommufdDevice device;

  /** What to; another one only once nothing is attached with it. */
  volatile Hwpt hwpt;

  DeviceAttachHandle(IommufdDevice device, Hwpt hwpt) {
    this.device = device;
    this.hwpt = hwpt;
  }

  @Override
  protected long reachMessages(IommuDevice through, long page) {
    return device.context().messagePages().reach(device, hwpt.paging(), page);
  }
}
