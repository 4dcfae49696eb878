// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.uapi;

/**
 * The id of a device bound to an iommufd: {@code out_devid} of {@code VFIO_DEVICE_BIND_IOMMUFD}.
 *
 * @param value the kernel's number, from 1 to 2³¹ − 1
 */
public record DeviceId(int value) implements ObjectId {

  @Override
  public String toString() {
    return "device " + value;
  }
}
