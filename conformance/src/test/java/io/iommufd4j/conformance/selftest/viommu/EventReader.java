// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.selftest.viommu;

import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_VEVENTQ_FLAG_LOST_EVENTS;
import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.same;

import io.iommufd4j.bindings.iommufd.iommufd_vevent_header;
import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.bindings.libc.pollfd;
import io.iommufd4j.bindings.selftest.iommu_viommu_event_selftest;
import io.iommufd4j.conformance.KernelUnderTest;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads a mock vIOMMU's event queue.
 *
 * @param fd the queue's descriptor
 */
record EventReader(KernelUnderTest test, int fd) {

  private static final long HEADER = iommufd_vevent_header.sizeof();
  private static final long PAYLOAD = iommu_viommu_event_selftest.sizeof();
  private static final int MILLIS = 1000;
  private static final int NO_ID = -1;

  /**
   * An event.
   *
   * @param lost whether it stands for events that found the queue full, and has no payload
   * @param virtualId of the device that raised it
   */
  record Event(int sequence, boolean lost, int virtualId) {

    static Event of(int sequence, int virtualId) {
      return new Event(sequence, false, virtualId);
    }

    static Event lost(int sequence) {
      return new Event(sequence, true, NO_ID);
    }
  }

  /** {@code read(2)} with room for so many bytes: its answer. */
  long read(long bytes) {
    return test.kernel().read(fd, test.arena().allocate(bytes));
  }

  /** Waits for events, and takes what one {@code read(2)} with room for so many gives. */
  List<Event> take(int room) {
    MemorySegment wait = test.arena().allocate(pollfd.layout());
    pollfd.fd(wait, fd);
    pollfd.events(wait, (short) libc_h.POLLIN());
    same(1, test.kernel().poll(wait, MILLIS));
    MemorySegment buffer = test.arena().allocate(room * (HEADER + PAYLOAD), HEADER);
    long bytes = ok(test.kernel().read(fd, buffer));
    return decode(buffer.asSlice(0, bytes));
  }

  private static List<Event> decode(MemorySegment read) {
    List<Event> events = new ArrayList<>();
    for (long at = 0; at < read.byteSize(); ) {
      MemorySegment header = read.asSlice(at, HEADER);
      int sequence = iommufd_vevent_header.sequence(header);
      at += HEADER;
      if ((iommufd_vevent_header.flags(header) & IOMMU_VEVENTQ_FLAG_LOST_EVENTS()) != 0) {
        events.add(Event.lost(sequence));
      } else {
        MemorySegment payload = read.asSlice(at, PAYLOAD);
        events.add(Event.of(sequence, iommu_viommu_event_selftest.virt_id(payload)));
        at += PAYLOAD;
      }
    }
    return events;
  }
}
