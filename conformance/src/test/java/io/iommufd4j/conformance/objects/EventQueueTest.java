// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.objects;

import static io.iommufd4j.bindings.selftest.selftest_h.IOMMU_VEVENTQ_TYPE_SELFTEST;
import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.Answers.same;
import static io.iommufd4j.kernel.Errno.EBUSY;
import static io.iommufd4j.kernel.Errno.EEXIST;
import static io.iommufd4j.kernel.Errno.EFAULT;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static io.iommufd4j.kernel.Errno.EOPNOTSUPP;
import static io.iommufd4j.kernel.Errno.ESPIPE;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.bindings.iommufd.iommu_veventq_alloc;
import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.bindings.iommufd.iommufd_vevent_header;
import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.UserPages;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.conformance.selftest.driver.ObjectRequests.Queue;
import io.iommufd4j.kernel.Request;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

/** {@code IOMMU_VEVENTQ_ALLOC}, and the events read from its descriptor. */
@Conformance
final class EventQueueTest {

  private static final int TYPE = IOMMU_VEVENTQ_TYPE_SELFTEST();
  private static final long HEADER = iommufd_vevent_header.sizeof();
  private static final long EVENT = HEADER + Integer.BYTES;
  private static final int VIRTUAL_ID = 0x99;

  /** A device of a guest, and the events that the guest gets about it. */
  private static final class Watched {
    final MockGuest guest;
    final int viommu;
    final Queue queue;
    final QueueFd fd;

    Watched(KernelUnderTest test, int depth) {
      guest = new MockGuest(test);
      viommu = guest.viommu(guest.parent());
      ok(guest.objects.vdevice(viommu, guest.id(), VIRTUAL_ID));
      guest.replace(guest.nested(viommu));
      queue = guest.objects.eventQueue(viommu, TYPE, depth);
      fd = new QueueFd(test, queue);
    }

    void raise(int times) {
      for (int i = 0; i < times; i++) {
        ok(guest.mock.triggerEvent(guest.id()));
      }
    }

    MemorySegment memory(long bytes) {
      return guest.test.arena().allocate(bytes, 8);
    }

    /** Reads one event. */
    void expectEvent(int sequence) {
      MemorySegment event = memory(EVENT);
      same(EVENT, fd.read(event));
      assertEquals(0, iommufd_vevent_header.flags(event));
      assertEquals(sequence, iommufd_vevent_header.sequence(event));
      assertEquals(VIRTUAL_ID, event.get(ValueLayout.JAVA_INT, HEADER));
    }

    /** Reads the mark that events were lost. */
    void expectLost(int sequence) {
      MemorySegment mark = memory(EVENT);
      same(HEADER, fd.read(mark));
      assertEquals(iommufd_h.IOMMU_VEVENTQ_FLAG_LOST_EVENTS(), iommufd_vevent_header.flags(mark));
      assertEquals(sequence, iommufd_vevent_header.sequence(mark));
    }

    void expectNothing() {
      same(0, fd.read(memory(EVENT)));
      assertEquals(0, fd.poll());
    }
  }

  @Test
  void queueIsCheckedFromLeftToRight(KernelUnderTest test) {
    var guest = new MockGuest(test);
    int viommu = guest.viommu(guest.parent());
    var block = guest.iommufd.block(Request.IOMMU_VEVENTQ_ALLOC).set("type", TYPE);
    refused(EOPNOTSUPP, guest.iommufd.ioctl(block.set("flags", 1)));
    refused(EOPNOTSUPP, guest.iommufd.ioctl(block.set("flags", 0).set("__reserved", 1)));
    refused(EOPNOTSUPP, guest.objects.eventQueue(1000, 0, 0).answer());
    refused(EINVAL, guest.objects.eventQueue(1000, TYPE, 0).answer());
    refused(EINVAL, guest.objects.eventQueue(1000, TYPE, (1 << 19) + 1).answer());
    refused(ENOENT, guest.objects.eventQueue(1000, TYPE, 1 << 19).answer());
    refused(ENOENT, guest.objects.eventQueue(guest.ioas, TYPE, 1).answer());
    Queue queue = guest.objects.eventQueue(viommu, TYPE, 1 << 19);
    new QueueFd(test, queue);
    assertEquals(viommu + 1, queue.id());
    refused(EEXIST, guest.objects.eventQueue(viommu, TYPE, 1).answer());
    // The driver is not asked which types it has.
    Queue second = guest.objects.eventQueue(viommu, TYPE + 1, 1);
    new QueueFd(test, second);
    assertEquals(viommu + 2, second.id());
    assertEquals(queue.fd() + 1, second.fd());
  }

  @Test
  void queueLivesWithItsDescriptor(KernelUnderTest test) {
    var watched = new Watched(test, 2);
    MockGuest guest = watched.guest;
    refused(EBUSY, guest.iommufd.destroy(watched.queue.id()));
    refused(EBUSY, guest.iommufd.destroy(watched.viommu));
    watched.fd.close();
    ok(guest.mock.triggerEvent(guest.id()));
    ok(guest.iommufd.destroy(watched.queue.id()));
    refused(EOPNOTSUPP, guest.mock.triggerEvent(guest.id()));
    Queue again = guest.objects.eventQueue(watched.viommu, TYPE, 2);
    new QueueFd(test, again);
    ok(guest.mock.triggerEvent(guest.id()));
  }

  @Test
  void refusedQueueLeavesNothing(KernelUnderTest test) {
    var guest = new MockGuest(test);
    int viommu = guest.viommu(guest.parent());
    var block =
        test.readOnly(memory -> {
          iommu_veventq_alloc.size(memory, (int) iommu_veventq_alloc.sizeof());
          iommu_veventq_alloc.viommu_id(memory, viommu);
          iommu_veventq_alloc.type(memory, TYPE);
          iommu_veventq_alloc.veventq_depth(memory, 1);
        });
    refused(EFAULT, guest.iommufd.ioctl(Request.IOMMU_VEVENTQ_ALLOC.number(), block));
    Queue queue = guest.objects.eventQueue(viommu, TYPE, 1);
    var fd = new QueueFd(test, queue);
    assertEquals(viommu + 1, queue.id(), "the id was not given back");
    fd.close();
    ok(guest.iommufd.destroy(queue.id()));
    ok(guest.iommufd.destroy(viommu));
  }

  @Test
  void nobodyIsToldOfADeviceThatIsNoGuests(KernelUnderTest test) {
    var guest = new MockGuest(test);
    refused(ENOENT, guest.mock.triggerEvent(1000));
    refused(ENOENT, guest.mock.triggerEvent(guest.id()));
    int viommu = guest.viommu(guest.parent());
    int vdevice = ok(guest.objects.vdevice(viommu, guest.id(), VIRTUAL_ID));
    refused(ENOENT, guest.mock.triggerEvent(guest.id()));
    guest.replace(guest.nested(viommu));
    refused(EOPNOTSUPP, guest.mock.triggerEvent(guest.id()));
    guest.replace(guest.ioas);
    refused(ENOENT, guest.mock.triggerEvent(guest.id()));
    ok(guest.iommufd.destroy(vdevice));
    ok(guest.objects.vdevice(viommu, guest.id(), 0));
    guest.replace(guest.nested(viommu));
    refused(ENOENT, guest.mock.triggerEvent(guest.id()));
  }

  @Test
  void eventsComeInOrder(KernelUnderTest test) {
    var watched = new Watched(test, 4);
    watched.expectNothing();
    watched.raise(3);
    assertEquals(libc_h.POLLIN(), watched.fd.poll());
    watched.expectEvent(0);
    MemorySegment two = watched.memory(3 * EVENT);
    same(2 * EVENT, watched.fd.read(two));
    assertEquals(1, iommufd_vevent_header.sequence(two));
    assertEquals(2, two.get(ValueLayout.JAVA_INT_UNALIGNED, EVENT + 4));
    watched.expectNothing();
  }

  @Test
  void readOnlyWholeEvents(KernelUnderTest test) {
    var watched = new Watched(test, 4);
    refused(EINVAL, watched.fd.read(watched.memory(HEADER - 1)));
    same(0, watched.fd.read(watched.memory(HEADER)));
    watched.raise(2);
    refused(EINVAL, watched.fd.read(watched.memory(0)));
    refused(EINVAL, watched.fd.read(watched.memory(HEADER)));
    refused(EINVAL, watched.fd.read(watched.memory(EVENT - 1)));
    same(EVENT, watched.fd.read(watched.memory(EVENT + HEADER - 1)));
    watched.raise(1);
    same(EVENT, watched.fd.read(watched.memory(EVENT + HEADER)));
    watched.expectEvent(2);
  }

  @Test
  void offsetIsASeekAndNobodyWrites(KernelUnderTest test) {
    var watched = new Watched(test, 4);
    refused(ESPIPE, watched.fd.pread(watched.memory(EVENT), 0));
    refused(EINVAL, watched.fd.write(watched.memory(8)));
    refused(EINVAL, watched.fd.write(watched.memory(0)));
  }

  @Test
  void eventsThatHaveNoRoomLeaveAMark(KernelUnderTest test) {
    var watched = new Watched(test, 2);
    watched.raise(5);
    watched.expectEvent(0);
    watched.expectEvent(1);
    assertEquals(libc_h.POLLIN(), watched.fd.poll());
    watched.expectLost(4);
    watched.expectNothing();
    watched.raise(1);
    watched.expectEvent(5);
  }

  @Test
  void markGoesWhenAnEventComesAfterIt(KernelUnderTest test) {
    var watched = new Watched(test, 2);
    watched.raise(3);
    watched.expectEvent(0);
    watched.raise(1);
    watched.expectEvent(1);
    watched.expectEvent(3);
    watched.expectNothing();
  }

  @Test
  void markIsReadBehindEvents(KernelUnderTest test) {
    var watched = new Watched(test, 1);
    watched.raise(2);
    MemorySegment both = watched.memory(EVENT + HEADER);
    same(EVENT + HEADER, watched.fd.read(both));
    assertEquals(1, both.get(ValueLayout.JAVA_INT_UNALIGNED, EVENT));
    assertEquals(1, both.get(ValueLayout.JAVA_INT_UNALIGNED, EVENT + 4));
    watched.raise(2);
    same(EVENT, watched.fd.read(watched.memory(EVENT + HEADER - 1)));
    watched.expectLost(3);
  }

  @Test
  void eventThatCannotBeHandedOutStays(KernelUnderTest test) {
    var watched = new Watched(test, 1);
    watched.raise(2);
    UserPages page = test.pageBeforeNothing();
    long end = page.address() + UserPages.PAGE;
    var nowhere = MemorySegment.ofAddress(end).reinterpret(EVENT);
    refused(EFAULT, watched.fd.read(nowhere));
    refused(EFAULT, watched.fd.read(MemorySegment.ofAddress(end - HEADER).reinterpret(EVENT)));
    long bytes = 2 * EVENT;
    same(EVENT, watched.fd.read(MemorySegment.ofAddress(end - EVENT).reinterpret(bytes)));
    refused(EFAULT, watched.fd.read(nowhere));
    watched.expectLost(1);
  }
}
