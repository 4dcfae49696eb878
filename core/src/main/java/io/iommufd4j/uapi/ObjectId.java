// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.uapi;

/**
 * The id of an object inside one iommufd. Ids are handed out lowest-free from 1, so an id that was
 * freed may soon name another object. An id means nothing in another iommufd.
 */
public sealed interface ObjectId
    permits HwptParentId, DeviceId, VdeviceId, FaultQueueId, EventQueueId, HwQueueId {

  /** {@return the kernel's number, from 1 to 2³¹ − 1} */
  int value();
}
