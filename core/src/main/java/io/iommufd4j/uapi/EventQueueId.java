// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.uapi;

/**
 * The id of a queue of events of a vIOMMU (vEVENTQ).
 *
 * @param value the kernel's number, from 1 to 2³¹ − 1
 */
public record EventQueueId(int value) implements ObjectId {

  @Override
  public String toString() {
    return "event queue " + value;
  }
}
