// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.hwpt;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.Answers.same;
import static io.iommufd4j.conformance.UserPages.PAGE;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static io.iommufd4j.kernel.Errno.EOPNOTSUPP;
import static io.iommufd4j.kernel.Errno.EOVERFLOW;

import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.conformance.BoundDevice;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.RequestBlock;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.kernel.Request;
import org.junit.jupiter.api.Test;

/** Dirty tracking on a HWPT that was not made for it; no driver in the lab offers more. */
@Conformance
final class DirtyTrackingTest {

  private static final long IOVA = 0x100_0000;

  @Test
  void hwptNotMadeForItCannot(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    int hwpt = bound.hwpt(bound.ioas());
    for (int flags : new int[] {iommufd_h.IOMMU_HWPT_DIRTY_TRACKING_ENABLE(), 0}) {
      refused(EOPNOTSUPP, bound.iommufd().ioctl(tracking(bound, hwpt, flags)));
    }
    refused(EOPNOTSUPP, bound.iommufd().ioctl(bitmap(test, bound, hwpt, IOVA, PAGE, PAGE)));
  }

  @Test
  void onlyHwptsHaveIt(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    int ioas = bound.ioas();
    for (int id : new int[] {0, ioas, bound.id(), 1000}) {
      refused(ENOENT, bound.iommufd().ioctl(tracking(bound, id, 0)));
      refused(ENOENT, bound.iommufd().ioctl(bitmap(test, bound, id, IOVA, PAGE, PAGE)));
    }
  }

  @Test
  void rangeIsCheckedFirst(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    int hwpt = bound.hwpt(bound.ioas());
    same(EINVAL.negated(), bound.iommufd().ioctl(bitmap(test, bound, hwpt, IOVA, 0, PAGE)));
    same(
        EOVERFLOW.negated(),
        bound.iommufd().ioctl(bitmap(test, bound, hwpt, -PAGE, 2 * PAGE, PAGE)));
    same(EINVAL.negated(), bound.iommufd().ioctl(bitmap(test, bound, hwpt, IOVA + 1, PAGE, PAGE)));
    same(EINVAL.negated(), bound.iommufd().ioctl(bitmap(test, bound, hwpt, IOVA, PAGE - 1, PAGE)));
    same(EINVAL.negated(), bound.iommufd().ioctl(bitmap(test, bound, hwpt, IOVA, PAGE, 0)));
    same(EINVAL.negated(), bound.iommufd().ioctl(bitmap(test, bound, hwpt, IOVA, PAGE, 2 * PAGE)));
    ok(bound.iommufd().destroy(hwpt));
  }

  private static RequestBlock tracking(BoundDevice bound, int hwpt, int flags) {
    return bound
        .iommufd()
        .block(Request.IOMMU_HWPT_SET_DIRTY_TRACKING)
        .set("hwpt_id", hwpt)
        .set("flags", flags);
  }

  private static RequestBlock bitmap(
      KernelUnderTest test, BoundDevice bound, int hwpt, long iova, long bytes, long page) {
    return bound
        .iommufd()
        .block(Request.IOMMU_HWPT_GET_DIRTY_BITMAP)
        .set("hwpt_id", hwpt)
        .set("iova", iova)
        .set("length", bytes)
        .set("page_size", page)
        .set("data", test.arena().allocate(Long.BYTES).address());
  }
}
