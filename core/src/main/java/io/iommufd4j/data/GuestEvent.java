// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.data;

/**
 * An entry of a queue of events. Events are numbered from 0 to 2³¹ − 1 and then from 0 again; where
 * a number is left out, the event found the queue full.
 */
public sealed interface GuestEvent {

  /** {@return its number in the queue} */
  int sequence();

  /**
   * An event.
   *
   * @param sequence its number in the queue
   * @param data what happened
   */
  record Reported(int sequence, EventData data) implements GuestEvent {}

  /**
   * The mark at the end of a queue that events were lost and none has come since ({@code
   * IOMMU_VEVENTQ_FLAG_LOST_EVENTS}).
   *
   * @param sequence the number of the last event that was lost
   */
  record Lost(int sequence) implements GuestEvent {}
}
