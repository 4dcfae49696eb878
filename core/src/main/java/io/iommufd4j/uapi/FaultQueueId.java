// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.uapi;

/**
 * The id of a queue of I/O page faults.
 *
 * @param value the kernel's number, from 1 to 2³¹ − 1
 */
public record FaultQueueId(int value) implements ObjectId {

  @Override
  public String toString() {
    return "fault queue " + value;
  }
}
