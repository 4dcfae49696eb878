// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.noiommu;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.Answers.same;
import static io.iommufd4j.conformance.UserPages.PAGE;
import static io.iommufd4j.kernel.Errno.EBUSY;
import static io.iommufd4j.kernel.Errno.EFAULT;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static io.iommufd4j.kernel.Errno.EOPNOTSUPP;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.conformance.BoundDevice;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.RequestBlock;
import io.iommufd4j.conformance.UserPages;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.kernel.Request;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A HWPT that no hardware walks: what can be asked of it. */
@Conformance
@WithoutIommu
final class HwptTest {

  private static final long IOVA = 0x100_0000;

  private static BoundDevice device(KernelUnderTest test) {
    return test.bound(test.machine().lone().getFirst());
  }

  private static RequestBlock withQueue(BoundDevice bound, int ioas, int queue) {
    return bound
        .iommufd()
        .block(Request.IOMMU_HWPT_ALLOC)
        .set("flags", iommufd_h.IOMMU_HWPT_FAULT_ID_VALID())
        .set("dev_id", bound.id())
        .set("pt_id", ioas)
        .set("fault_id", queue);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 8, 9, 16, 1 << 31})
  void flagsAreNotTaken(int flags, KernelUnderTest test) {
    BoundDevice bound = device(test);
    refused(EOPNOTSUPP, bound.iommufd().hwptAlloc(bound.id(), bound.ioas(), flags));
    assertEquals(3, bound.hwpt(2), "nothing is left behind");
  }

  @Test
  void dataIsNotTaken(KernelUnderTest test) {
    BoundDevice bound = device(test);
    RequestBlock block =
        bound
            .iommufd()
            .block(Request.IOMMU_HWPT_ALLOC)
            .set("dev_id", bound.id())
            .set("pt_id", bound.ioas())
            .set("data_type", 1)
            .set("data_len", 16)
            .set("data_uptr", test.pages(1).address());
    refused(EOPNOTSUPP, bound.iommufd().ioctl(block));
    refused(EOPNOTSUPP, bound.iommufd().ioctl(block.set("pt_id", bound.hwpt(2))));
    refused(EINVAL, bound.iommufd().ioctl(block.set("pt_id", bound.id())));
    refused(EINVAL, bound.iommufd().ioctl(block.set("data_type", 0)));
  }

  @Test
  void faultQueueIsTaken(KernelUnderTest test) {
    BoundDevice bound = device(test);
    int ioas = bound.ioas();
    refused(ENOENT, bound.iommufd().ioctl(withQueue(bound, ioas, ioas)));
    RequestBlock queue = bound.iommufd().block(Request.IOMMU_FAULT_QUEUE_ALLOC);
    ok(bound.iommufd().ioctl(queue));
    int queueId = (int) queue.get("out_fault_id");
    RequestBlock hwpt = withQueue(bound, ioas, queueId);
    ok(bound.iommufd().ioctl(hwpt));
    int hwptId = (int) hwpt.get("out_hwpt_id");
    refused(EBUSY, bound.iommufd().destroy(queueId));
    assertEquals(hwptId, ok(bound.device().attach(hwptId)));
    int plain = bound.hwpt(ioas);
    assertEquals(plain, ok(bound.device().attach(plain)));
    assertEquals(hwptId, ok(bound.device().attach(hwptId)));
    ok(bound.device().detach());
    ok(bound.iommufd().destroy(hwptId));
    refused(EBUSY, bound.iommufd().destroy(queueId));
    ok(test.kernel().close((int) queue.get("out_fault_fd")));
    ok(bound.iommufd().destroy(queueId));
  }

  @Test
  void writesAreNotNoted(KernelUnderTest test) {
    BoundDevice bound = device(test);
    OpenIommufd iommufd = bound.iommufd();
    int ioas = bound.ioas();
    int hwpt = bound.hwpt(ioas);
    ok(iommufd.mapFixed(ioas, test.pages(1).address(), PAGE, IOVA));
    for (int on : new int[] {0, 1}) {
      refused(
          EOPNOTSUPP,
          iommufd.ioctl(
              iommufd
                  .block(Request.IOMMU_HWPT_SET_DIRTY_TRACKING)
                  .set("hwpt_id", hwpt)
                  .set("flags", on)));
    }
    RequestBlock bitmap =
        iommufd
            .block(Request.IOMMU_HWPT_GET_DIRTY_BITMAP)
            .set("hwpt_id", hwpt)
            .set("iova", IOVA)
            .set("length", PAGE)
            .set("page_size", PAGE)
            .set("data", test.pages(1).address());
    refused(EOPNOTSUPP, iommufd.ioctl(bitmap));
  }

  @Test
  void nothingIsCachedThatCouldBeInvalidated(KernelUnderTest test) {
    BoundDevice bound = device(test);
    int hwpt = bound.hwpt(bound.ioas());
    RequestBlock block =
        bound
            .iommufd()
            .block(Request.IOMMU_HWPT_INVALIDATE)
            .set("hwpt_id", hwpt)
            .set("data_type", 1)
            .set("entry_len", 16)
            .set("entry_num", 1)
            .set("data_uptr", test.pages(1).address());
    refused(EINVAL, bound.iommufd().ioctl(block));
  }

  @Test
  void accessIsAskedForAllTheSame(KernelUnderTest test) {
    BoundDevice bound = device(test);
    int ioas = bound.ioas();
    bound.hwpt(ioas);
    UserPages pages = test.readOnlyPages(1);
    refused(EINVAL, bound.iommufd().mapFixed(ioas, pages.address(), PAGE, IOVA, 0));
    refused(EFAULT, bound.iommufd().mapFixed(ioas, pages.address(), PAGE, IOVA));
    ok(bound.iommufd().mapFixed(ioas, pages.address(), PAGE, IOVA, OpenIommufd.READ));
    ok(Physical.answer(bound.iommufd(), ioas, IOVA, PAGE));
  }

  @Test
  void largePagesAreUnmappedWhole(KernelUnderTest test) {
    BoundDevice bound = device(test);
    OpenIommufd iommufd = bound.iommufd();
    int ioas = bound.ioas();
    bound.hwpt(ioas);
    UserPages pages = test.hugePages(1);
    ok(iommufd.mapFixed(ioas, pages.address(), UserPages.HUGE_PAGE, UserPages.HUGE_PAGE));
    refused(ENOENT, iommufd.unmap(ioas, UserPages.HUGE_PAGE, PAGE));
    same(UserPages.HUGE_PAGE, iommufd.unmap(ioas, UserPages.HUGE_PAGE, UserPages.HUGE_PAGE));
  }

  @Test
  void pagesArePinnedAsForHardware(KernelUnderTest test) {
    BoundDevice bound = device(test);
    OpenIommufd iommufd = bound.iommufd();
    int ioas = bound.ioas();
    UserPages pages = test.pages(2);
    ok(iommufd.mapFixed(ioas, pages.address(), 2 * PAGE, IOVA));
    bound.hwpt(ioas);
    long physical = Physical.of(iommufd, ioas, IOVA, PAGE).address();
    pages.memory().set(ValueLayout.JAVA_BYTE, 0, (byte) 1);
    assertEquals(physical, Physical.of(iommufd, ioas, IOVA, PAGE).address());
  }
}
