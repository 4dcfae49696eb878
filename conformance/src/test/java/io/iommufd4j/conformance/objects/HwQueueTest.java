// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.objects;

import static io.iommufd4j.bindings.selftest.selftest_h.IOMMU_HW_QUEUE_TYPE_SELFTEST;
import static io.iommufd4j.bindings.selftest.selftest_h.MOCK_APERTURE_START;
import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.Answers.same;
import static io.iommufd4j.kernel.Errno.EBUSY;
import static io.iommufd4j.kernel.Errno.EEXIST;
import static io.iommufd4j.kernel.Errno.EFAULT;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.EIO;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static io.iommufd4j.kernel.Errno.ENOMEM;
import static io.iommufd4j.kernel.Errno.EOPNOTSUPP;
import static io.iommufd4j.kernel.Errno.EOVERFLOW;
import static io.iommufd4j.kernel.Errno.EPERM;
import static io.iommufd4j.kernel.Errno.ERANGE;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.bindings.iommufd.iommu_hw_queue_alloc;
import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.UserPages;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.kernel.Request;
import org.junit.jupiter.api.Test;

/** {@code IOMMU_HW_QUEUE_ALLOC}: memory of the guest that hardware reads by itself. */
@Conformance
final class HwQueueTest {

  private static final int TYPE = IOMMU_HW_QUEUE_TYPE_SELFTEST();
  private static final long PAGE = UserPages.PAGE;
  private static final long IOVA = MOCK_APERTURE_START();

  private static final class Queues {
    final MockGuest guest;
    final int viommu;
    final UserPages pages;

    /** A vIOMMU whose guest has two pages of memory. */
    Queues(KernelUnderTest test) {
      guest = new MockGuest(test);
      pages = test.pages(2);
      viommu = guest.viommu(guest.parent());
      ok(guest.iommufd.mapFixed(guest.ioas, pages.address(), PAGE, IOVA));
      ok(guest.iommufd.mapFixed(guest.ioas, pages.address() + PAGE, PAGE, IOVA + PAGE));
    }

    int alloc(int index, long iova, long bytes) {
      return guest.objects.hardwareQueue(viommu, TYPE, index, iova, bytes);
    }
  }

  @Test
  void queueIsCheckedFromLeftToRight(KernelUnderTest test) {
    var queues = new Queues(test);
    MockGuest guest = queues.guest;
    var block = guest.iommufd.block(Request.IOMMU_HW_QUEUE_ALLOC).set("type", TYPE);
    refused(EOPNOTSUPP, guest.iommufd.ioctl(block.set("flags", 1)));
    refused(EOPNOTSUPP, guest.objects.hardwareQueue(1000, 0, 0, 0, 0));
    refused(EINVAL, guest.objects.hardwareQueue(1000, TYPE, 0, 0, 0));
    refused(EOVERFLOW, guest.objects.hardwareQueue(1000, TYPE, 0, -1, 2));
    refused(ENOENT, guest.objects.hardwareQueue(1000, TYPE, 0, IOVA, PAGE));
    refused(ENOENT, guest.objects.hardwareQueue(guest.ioas, TYPE, 0, IOVA, PAGE));
    refused(EOPNOTSUPP, guest.objects.hardwareQueue(queues.viommu, TYPE + 1, 0, IOVA, PAGE));
    // Where nothing is mapped comes before what the driver says.
    refused(ENOENT, queues.alloc(7, IOVA + 2 * PAGE, PAGE));
    refused(EINVAL, queues.alloc(2, IOVA, PAGE));
    refused(EINVAL, queues.alloc(-1, IOVA, PAGE));
    refused(EIO, queues.alloc(1, IOVA, PAGE));
    int queue = ok(queues.alloc(0, IOVA, PAGE));
    assertEquals(queues.viommu + 1, queue);
    refused(EEXIST, queues.alloc(0, IOVA, PAGE));
    ok(queues.alloc(1, IOVA + PAGE, PAGE));
  }

  @Test
  void lengthIsWhatTheKernelCanCount(KernelUnderTest test) {
    var queues = new Queues(test);
    refused(ERANGE, queues.alloc(0, 0, -1));
    refused(ERANGE, queues.alloc(0, 1, -2));
    refused(ENOMEM, queues.alloc(0, IOVA, 1L << 50));
  }

  @Test
  void queueTakesTwoIds(KernelUnderTest test) {
    var queues = new Queues(test);
    MockGuest guest = queues.guest;
    int queue = ok(queues.alloc(0, IOVA, PAGE));
    refused(EBUSY, guest.iommufd.destroy(queue + 1));
    assertEquals(queue + 2, ok(guest.iommufd.ioasAlloc()));
    ok(guest.iommufd.destroy(queue));
    refused(ENOENT, guest.iommufd.destroy(queue + 1));
    assertEquals(queue, ok(guest.iommufd.ioasAlloc()));
  }

  @Test
  void refusedQueueLeavesNothing(KernelUnderTest test) {
    var queues = new Queues(test);
    MockGuest guest = queues.guest;
    refused(EIO, queues.alloc(1, IOVA, PAGE));
    var block =
        test.readOnly(memory -> {
          iommu_hw_queue_alloc.size(memory, (int) iommu_hw_queue_alloc.sizeof());
          iommu_hw_queue_alloc.viommu_id(memory, queues.viommu);
          iommu_hw_queue_alloc.type(memory, TYPE);
          iommu_hw_queue_alloc.nesting_parent_iova(memory, IOVA);
          iommu_hw_queue_alloc.length(memory, PAGE);
        });
    refused(EFAULT, guest.iommufd.ioctl(Request.IOMMU_HW_QUEUE_ALLOC.number(), block));
    assertEquals(queues.viommu + 1, ok(guest.iommufd.ioasAlloc()), "an id was not given back");
    same(2 * PAGE, guest.iommufd.unmap(guest.ioas, IOVA, 2 * PAGE));
    ok(guest.iommufd.destroy(queues.viommu));
  }

  @Test
  void memoryOfAQueueStaysMapped(KernelUnderTest test) {
    var queues = new Queues(test);
    MockGuest guest = queues.guest;
    int queue = ok(queues.alloc(0, IOVA + 16, PAGE - 16));
    refused(EBUSY, guest.iommufd.unmap(guest.ioas, IOVA, PAGE));
    same(PAGE, guest.iommufd.unmap(guest.ioas, IOVA + PAGE, PAGE));
    refused(EBUSY, guest.iommufd.unmapAll(guest.ioas));
    refused(EBUSY, guest.iommufd.destroy(queues.viommu));
    ok(guest.iommufd.destroy(queue));
    same(PAGE, guest.iommufd.unmap(guest.ioas, IOVA, PAGE));
    ok(guest.iommufd.destroy(queues.viommu));
  }

  @Test
  void laterQueueNeedsTheOneBefore(KernelUnderTest test) {
    var queues = new Queues(test);
    MockGuest guest = queues.guest;
    int first = ok(queues.alloc(0, IOVA, PAGE / 2));
    int second = ok(queues.alloc(1, IOVA + PAGE / 2, PAGE / 2));
    refused(EBUSY, guest.iommufd.destroy(first));
    ok(guest.iommufd.destroy(second));
    ok(guest.iommufd.destroy(first));
  }

  @Test
  void queueIsReadAndSoMustBeReadable(KernelUnderTest test) {
    var queues = new Queues(test);
    MockGuest guest = queues.guest;
    UserPages more = test.pages(2);
    long iova = IOVA + 16 * PAGE;
    ok(
        guest.iommufd.mapFixed(
            guest.ioas, more.address(), PAGE, iova, iommufd_h.IOMMU_IOAS_MAP_WRITEABLE()));
    refused(EPERM, queues.alloc(0, iova, PAGE));
    ok(
        guest.iommufd.mapFixed(
            guest.ioas,
            more.address() + PAGE,
            PAGE,
            iova + PAGE,
            iommufd_h.IOMMU_IOAS_MAP_READABLE()));
    ok(queues.alloc(0, iova + PAGE, PAGE));
  }

  @Test
  void queueOfAClosedIommufdGoes(KernelUnderTest test) {
    var queues = new Queues(test);
    ok(queues.alloc(0, IOVA, PAGE));
    ok(queues.alloc(1, IOVA + PAGE, PAGE));
    queues.guest.iommufd.close();
    var next = new Queues(test);
    ok(next.alloc(0, IOVA, PAGE));
  }
}
