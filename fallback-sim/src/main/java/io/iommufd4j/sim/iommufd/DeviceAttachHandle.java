// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd;

import io.iommufd4j.sim.iommu.AttachHandle;
import io.iommufd4j.sim.iommu.IommuDevice;

/** Says which device an attachment was made through ({@code struct iommufd_attach_handle}). */
final class DeviceAttachHandle extends AttachHandle {

  private final BoundDevice device;
  private final MessagePages.OfGroup messages;

  /** The HWPT that is attached; it changes only while nothing is attached with this handle. */
  private volatile Hwpt hwpt;

  DeviceAttachHandle(BoundDevice device, MessagePages.OfGroup messages, Hwpt hwpt) {
    this.device = device;
    this.messages = messages;
    this.hwpt = hwpt;
  }

  /** The object id of the device. */
  int deviceId() {
    return device.id();
  }

  /** True if the attachment was made through a device. */
  boolean of(BoundDevice other) {
    return device == other;
  }

  /** Serves once more, for another HWPT. */
  void reuse(Hwpt next) {
    hwpt = next;
  }

  @Override
  protected long reachMessages(IommuDevice through, long page) {
    return messages.reach(device.hardware(), hwpt.paging(), page);
  }
}
