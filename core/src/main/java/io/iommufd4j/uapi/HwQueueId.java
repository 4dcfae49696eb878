// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.uapi;

/**
 * The id of a hardware queue: memory of a virtual machine that an IOMMU reads by itself.
 *
 * @param value the kernel's number, from 1 to 2³¹ − 1
 */
public record HwQueueId(int value) implements ObjectId {

  @Override
  public String toString() {
    return "hardware queue " + value;
  }
}
