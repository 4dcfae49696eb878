// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.replace;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.UserPages.PAGE;
import static io.iommufd4j.kernel.Errno.EADDRINUSE;
import static io.iommufd4j.kernel.Errno.EBUSY;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.conformance.BoundDevice;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.extension.Conformance;
import org.junit.jupiter.api.Test;

/**
 * A group's reserved IOVAs come into the new IOAS before the switch and leave the old one after.
 */
@Conformance
final class ReservedRangeTest {

  @Test
  void mappedReservedRangeKeepsTheDeviceOut(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    int ioas = bound.ioas();
    long reserved = test.machine().reservedIova();
    ok(bound.iommufd().mapFixed(ioas, test.pages(1).address(), PAGE, reserved));
    refused(EADDRINUSE, bound.device().attach(ioas));
    assertEquals(PAGE, bound.iommufd().unmap(ioas, reserved, PAGE));
    ok(bound.device().attach(ioas));
  }

  @Test
  void mappedReservedRangeFailsTheReplaceAndChangesNothing(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    OpenIommufd iommufd = bound.iommufd();
    int old = bound.ioas();
    int hwpt = bound.hwpt(old);
    ok(bound.device().attach(hwpt));
    int target = bound.ioas();
    long page = test.pages(1).address();
    long reserved = test.machine().reservedIova();
    ok(iommufd.mapFixed(target, page, PAGE, reserved));
    refused(EADDRINUSE, bound.device().attach(target));
    int targetHwpt = bound.hwpt(target);
    refused(EADDRINUSE, bound.device().attach(targetHwpt));
    refused(EBUSY, iommufd.destroy(hwpt));
    ok(iommufd.destroy(targetHwpt));
    // The old IOAS still keeps the range, the refused one never got it.
    refused(EINVAL, iommufd.mapFixed(old, page, PAGE, reserved));
    ok(iommufd.mapFixed(target, page, PAGE, reserved + PAGE));
  }

  @Test
  void rangeMovesWithTheReplace(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    OpenIommufd iommufd = bound.iommufd();
    int one = bound.ioas();
    int other = bound.ioas();
    long page = test.pages(1).address();
    long reserved = test.machine().reservedIova();
    ok(bound.device().attach(bound.hwpt(one)));
    refused(EINVAL, iommufd.mapFixed(one, page, PAGE, reserved));
    ok(bound.device().attach(bound.hwpt(other)));
    refused(EINVAL, iommufd.mapFixed(other, page, PAGE, reserved));
    ok(iommufd.mapFixed(one, page, PAGE, reserved));
  }

  @Test
  void rangeStaysForAsLongAsOneDeviceNeedsIt(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    BoundDevice first = test.bound(iommufd, test.machine().pair().getFirst());
    BoundDevice second = test.bound(iommufd, test.machine().pair().getLast());
    int ioas = first.ioas();
    long page = test.pages(1).address();
    long reserved = test.machine().reservedIova();
    ok(first.device().attach(ioas));
    ok(second.device().attach(ioas));
    ok(first.device().detach());
    refused(EINVAL, iommufd.mapFixed(ioas, page, PAGE, reserved));
    ok(second.device().detach());
    ok(iommufd.mapFixed(ioas, page, PAGE, reserved));
  }

  @Test
  void groupOfTwoLeavesTheOldIoasTogether(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    BoundDevice first = test.bound(iommufd, test.machine().pair().getFirst());
    BoundDevice second = test.bound(iommufd, test.machine().pair().getLast());
    int old = first.ioas();
    int target = first.ioas();
    int hwpt = first.hwpt(old);
    ok(first.device().attach(hwpt));
    ok(second.device().attach(hwpt));
    ok(first.device().attach(first.hwpt(target)));
    long page = test.pages(1).address();
    long reserved = test.machine().reservedIova();
    ok(iommufd.mapFixed(old, page, PAGE, reserved));
    refused(EINVAL, iommufd.mapFixed(target, page, PAGE, reserved));
  }
}
