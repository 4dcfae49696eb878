// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.nesting;

import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_VEVENTQ_FLAG_LOST_EVENTS;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_VEVENTQ_TYPE_ARM_SMMUV3;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.bindings.iommufd.iommu_vevent_arm_smmuv3;
import io.iommufd4j.bindings.iommufd.iommufd_vevent_header;
import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.bindings.libc.pollfd;
import io.iommufd4j.conformance.Answers;
import io.iommufd4j.conformance.KernelUnderTest;
import java.lang.foreign.MemorySegment;

/**
 * The events that a guest's devices raise.
 *
 * @param fd the queue's descriptor
 */
record GuestEvents(KernelUnderTest test, int fd) {

  private static final int MILLIS = 5000;

  /** A queue for so many events. */
  static GuestEvents of(Guest guest, int depth) {
    var queue = guest.requests().eventQueue(guest.viommu(), IOMMU_VEVENTQ_TYPE_ARM_SMMUV3(), depth);
    Answers.ok(queue.answer());
    guest.test().closeAfter(queue.fd());
    return new GuestEvents(guest.test(), queue.fd());
  }

  /** Waits for an event, and expects it to be the one of that number and these words. */
  void expect(int sequence, long... words) {
    assertEquals(1, ready(MILLIS));
    long header = iommufd_vevent_header.sizeof();
    MemorySegment event =
        test.arena().allocate(header + iommu_vevent_arm_smmuv3.sizeof(), Long.BYTES);
    Answers.same(event.byteSize(), test.kernel().read(fd, event));
    assertEquals(0, iommufd_vevent_header.flags(event));
    assertEquals(sequence, iommufd_vevent_header.sequence(event));
    MemorySegment record = event.asSlice(header);
    for (int i = 0; i < words.length; i++) {
      assertEquals(
          Long.toHexString(words[i]),
          Long.toHexString(iommu_vevent_arm_smmuv3.evt(record, i)),
          "word " + i);
    }
  }

  /** Expects a report that events were lost, up to that number. */
  void expectLost(int sequence) {
    assertEquals(1, ready(MILLIS));
    MemorySegment header = test.arena().allocate(iommufd_vevent_header.layout());
    Answers.same(header.byteSize(), test.kernel().read(fd, header));
    assertEquals(IOMMU_VEVENTQ_FLAG_LOST_EVENTS(), iommufd_vevent_header.flags(header));
    assertEquals(sequence, iommufd_vevent_header.sequence(header));
  }

  /** Expects that nothing is to be read. */
  void expectNone() {
    assertEquals(0, ready(0));
  }

  private int ready(int millis) {
    MemorySegment wait = test.arena().allocate(pollfd.layout());
    pollfd.fd(wait, fd);
    pollfd.events(wait, (short) libc_h.POLLIN());
    return test.kernel().poll(wait, millis);
  }
}
