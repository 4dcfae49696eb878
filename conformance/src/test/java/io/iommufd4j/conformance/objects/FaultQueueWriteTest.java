// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.objects;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.Answers.same;
import static io.iommufd4j.kernel.Errno.EBUSY;
import static io.iommufd4j.kernel.Errno.EFAULT;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static io.iommufd4j.kernel.Errno.EOPNOTSUPP;
import static io.iommufd4j.kernel.Errno.ESPIPE;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.bindings.iommufd.iommu_fault_alloc;
import io.iommufd4j.bindings.iommufd.iommu_hwpt_page_response;
import io.iommufd4j.bindings.iommufd.iommu_hwpt_pgfault;
import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.UserPages;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.conformance.selftest.driver.ObjectRequests;
import io.iommufd4j.kernel.Request;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Answers to page requests, written to a fault queue; and how long a queue is there. */
@Conformance
final class FaultQueueWriteTest {

  private static final long RESPONSE = iommu_hwpt_page_response.sizeof();
  private static final int SUCCESS = iommufd_h.IOMMUFD_PAGE_RESP_SUCCESS();
  private static final int INVALID = iommufd_h.IOMMUFD_PAGE_RESP_INVALID();

  private static final class Asked {
    final MockGuest guest;
    final ObjectRequests.Queue queue;
    final QueueFd fd;

    /** A device that has asked for pages, which were read. */
    Asked(KernelUnderTest test, int requests) {
      guest = new MockGuest(test);
      queue = guest.objects.faultQueue();
      fd = new QueueFd(test, queue);
      guest.replace(guest.hwpt(queue));
      for (int i = 1; i <= requests; i++) {
        ok(guest.mock.triggerFault(guest.id(), 0, i, 1, 0x1000));
      }
      if (requests > 0) {
        long bytes = requests * iommu_hwpt_pgfault.sizeof();
        same(bytes, fd.read(test.arena().allocate(bytes, 8)));
      }
    }

    /** Responses: cookie, code, cookie, code, … */
    MemorySegment responses(int... pairs) {
      return guest.test.arena().allocateFrom(java.lang.foreign.ValueLayout.JAVA_INT, pairs);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 7, 9, 12})
  void partOfAResponseIsASeek(long bytes, KernelUnderTest test) {
    refused(ESPIPE, new Asked(test, 1).fd.write(test.arena().allocate(bytes, 8)));
  }

  @Test
  void noResponseIsNone(KernelUnderTest test) {
    same(0, new Asked(test, 1).fd.write(test.arena().allocate(0)));
  }

  @Test
  void cookieIsGoodForOneResponse(KernelUnderTest test) {
    var asked = new Asked(test, 1);
    refused(EINVAL, asked.fd.write(asked.responses(0, SUCCESS)));
    refused(EINVAL, asked.fd.write(asked.responses(2, SUCCESS)));
    refused(EINVAL, asked.fd.write(asked.responses(-1, SUCCESS)));
    same(RESPONSE, asked.fd.write(asked.responses(1, SUCCESS)));
    refused(EINVAL, asked.fd.write(asked.responses(1, SUCCESS)));
  }

  @Test
  void unknownCodeLeavesTheRequestOpen(KernelUnderTest test) {
    var asked = new Asked(test, 1);
    refused(EINVAL, asked.fd.write(asked.responses(1, 2)));
    refused(EINVAL, asked.fd.write(asked.responses(1, -1)));
    same(RESPONSE, asked.fd.write(asked.responses(1, INVALID)));
  }

  @Test
  void responsesBeforeABadOneCount(KernelUnderTest test) {
    var asked = new Asked(test, 3);
    same(RESPONSE, asked.fd.write(asked.responses(1, SUCCESS, 1, SUCCESS, 2, SUCCESS)));
    same(2 * RESPONSE, asked.fd.write(asked.responses(3, SUCCESS, 2, INVALID)));
  }

  @Test
  void responseMustBeMemory(KernelUnderTest test) {
    var asked = new Asked(test, 1);
    var nowhere = MemorySegment.ofAddress(test.badAddress()).reinterpret(RESPONSE);
    refused(EFAULT, asked.fd.write(nowhere));
    UserPages page = test.pageBeforeNothing();
    long start = page.address() + UserPages.PAGE - RESPONSE;
    MemorySegment both = MemorySegment.ofAddress(start).reinterpret(2 * RESPONSE);
    iommu_hwpt_page_response.cookie(both, 1);
    iommu_hwpt_page_response.code(both, SUCCESS);
    same(RESPONSE, asked.fd.write(both));
  }

  @Test
  void lowestFreeCookieIsNext(KernelUnderTest test) {
    var asked = new Asked(test, 3);
    same(RESPONSE, asked.fd.write(asked.responses(2, SUCCESS)));
    ok(asked.guest.mock.triggerFault(asked.guest.id(), 0, 9, 1, 0x1000));
    MemorySegment record = test.arena().allocate(iommu_hwpt_pgfault.layout());
    ok(asked.fd.read(record));
    assertEquals(2, iommu_hwpt_pgfault.cookie(record));
  }

  @Test
  void replaceAnswersWhatIsPending(KernelUnderTest test) {
    var asked = new Asked(test, 2);
    MockGuest guest = asked.guest;
    ok(guest.mock.triggerFault(guest.id(), 0, 3, 1, 0x1000));
    guest.replace(guest.ioas);
    refused(EINVAL, asked.fd.write(asked.responses(1, SUCCESS)));
    refused(EINVAL, asked.fd.write(asked.responses(2, SUCCESS)));
    same(0, asked.fd.read(test.arena().allocate(iommu_hwpt_pgfault.layout())));
  }

  @Test
  void detachAnswersWhatIsPending(KernelUnderTest test) {
    var asked = new Asked(test, 1);
    ok(asked.guest.iommufd.destroy(asked.guest.device.stdev()));
    refused(EINVAL, asked.fd.write(asked.responses(1, SUCCESS)));
  }

  @Test
  void failedReplaceAnswersNothing(KernelUnderTest test) {
    var asked = new Asked(test, 1);
    MockGuest guest = asked.guest;
    refused(ENOENT, guest.mock.replace(guest.device.stdev(), 1000));
    same(RESPONSE, asked.fd.write(asked.responses(1, SUCCESS)));
  }

  @Test
  void anotherQueueOfTheSameDeviceStartsEmpty(KernelUnderTest test) {
    var asked = new Asked(test, 1);
    MockGuest guest = asked.guest;
    ObjectRequests.Queue second = guest.objects.faultQueue();
    var fd = new QueueFd(test, second);
    guest.replace(guest.hwpt(second));
    refused(EINVAL, asked.fd.write(asked.responses(1, SUCCESS)));
    ok(guest.mock.triggerFault(guest.id(), 0, 4, 1, 0x1000));
    MemorySegment record = test.arena().allocate(iommu_hwpt_pgfault.layout());
    same(0, asked.fd.read(record));
    same(record.byteSize(), fd.read(record));
    assertEquals(1, iommu_hwpt_pgfault.cookie(record));
  }

  @Test
  void queueIsBusyWhileAnybodyNeedsIt(KernelUnderTest test) {
    var asked = new Asked(test, 1);
    MockGuest guest = asked.guest;
    int queue = asked.queue.id();
    refused(EBUSY, guest.iommufd.destroy(queue));
    asked.fd.close();
    refused(EBUSY, guest.iommufd.destroy(queue));
    int hwpt = queue + 1;
    guest.replace(guest.ioas);
    refused(EBUSY, guest.iommufd.destroy(queue));
    ok(guest.iommufd.destroy(hwpt));
    ok(guest.iommufd.destroy(queue));
  }

  @Test
  void descriptorOutlivesTheIommufd(KernelUnderTest test) {
    var asked = new Asked(test, 1);
    asked.guest.iommufd.close();
    same(RESPONSE, asked.fd.write(asked.responses(1, SUCCESS)));
  }

  @Test
  void fieldsAreChecked(KernelUnderTest test) {
    var guest = new MockGuest(test);
    var block = guest.iommufd.block(Request.IOMMU_FAULT_QUEUE_ALLOC).set("flags", 1);
    refused(EOPNOTSUPP, guest.iommufd.ioctl(block));
    var unwritable =
        test.readOnly(m -> iommu_fault_alloc.size(m, (int) iommu_fault_alloc.sizeof()));
    refused(EFAULT, guest.iommufd.ioctl(Request.IOMMU_FAULT_QUEUE_ALLOC.number(), unwritable));
    ObjectRequests.Queue first = guest.objects.faultQueue();
    new QueueFd(test, first);
    ObjectRequests.Queue second = guest.objects.faultQueue();
    new QueueFd(test, second);
    assertEquals(first.id() + 1, second.id());
    assertEquals(first.fd() + 1, second.fd(), "a descriptor was not given back");
  }

  @Test
  void hwptTakesFaultQueuesOnly(KernelUnderTest test) {
    var guest = new MockGuest(test);
    int none = iommufd_h.IOMMU_HWPT_DATA_NONE();
    int faults = iommufd_h.IOMMU_HWPT_FAULT_ID_VALID();
    for (int id : new int[] {0, 1000, guest.ioas, guest.id()}) {
      refused(
          ENOENT,
          guest.objects.hwpt(guest.id(), guest.ioas, faults, id, none, ObjectRequests.NO_DATA, 0));
    }
    ObjectRequests.Queue queue = guest.objects.faultQueue();
    new QueueFd(test, queue);
    int parent = faults | iommufd_h.IOMMU_HWPT_ALLOC_NEST_PARENT();
    refused(
        EOPNOTSUPP,
        guest.objects.hwpt(
            guest.id(), guest.ioas, parent, queue.id(), none, ObjectRequests.NO_DATA, 0));
  }
}
