// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.ioas;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.UserPages.PAGE;
import static io.iommufd4j.kernel.Errno.EADDRINUSE;
import static io.iommufd4j.kernel.Errno.EFAULT;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static io.iommufd4j.kernel.Errno.ENOSPC;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.conformance.BoundDevice;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.UserPages;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.kernel.Request;
import org.junit.jupiter.api.Test;

/** {@code IOMMU_IOAS_ALLOW_IOVAS}: what must stay usable, and where the kernel may choose. */
@Conformance
final class AllowIovasTest {

  private static final long START = 0x4000_0000L;
  private static final long LAST = START + 4 * PAGE - 1;

  @Test
  void kernelChoosesWithinIt(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    int ioas = ok(iommufd.ioasAlloc());
    UserPages page = test.pages(1);
    ok(iommufd.allowIovas(ioas, START, LAST));
    for (int i = 0; i < 4; i++) {
      assertEquals(START + i * PAGE, iommufd.map(ioas, page.address(), PAGE));
    }
    refused(ENOSPC, iommufd.map(ioas, page.address(), PAGE));
  }

  @Test
  void fixedIovasAreFreeToLieElsewhere(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    int ioas = ok(iommufd.ioasAlloc());
    ok(iommufd.allowIovas(ioas, START, LAST));
    ok(iommufd.mapFixed(ioas, test.pages(1).address(), PAGE, START - PAGE));
  }

  @Test
  void emptyListAllowsAllAgain(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    int ioas = ok(iommufd.ioasAlloc());
    UserPages page = test.pages(1);
    ok(iommufd.allowIovas(ioas, START, START + PAGE - 1));
    assertEquals(START, iommufd.map(ioas, page.address(), PAGE));
    refused(ENOSPC, iommufd.map(ioas, page.address(), PAGE));
    ok(iommufd.allowIovas(ioas));
    ok(iommufd.map(ioas, page.address(), PAGE));
  }

  @Test
  void malformedListsAreInvalidAndChangeNothing(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    int ioas = ok(iommufd.ioasAlloc());
    ok(iommufd.allowIovas(ioas, START, LAST));
    refused(EINVAL, iommufd.allowIovas(ioas, LAST, START));
    refused(EINVAL, iommufd.allowIovas(ioas, START, START));
    refused(EINVAL, iommufd.allowIovas(ioas, 0, 100, 100, 200));
    refused(EINVAL, iommufd.allowIovas(ioas, 0, 100, 50, 60));
    assertEquals(START, iommufd.map(ioas, test.pages(1).address(), PAGE));
  }

  @Test
  void neighboursAreNoOverlap(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    int ioas = ok(iommufd.ioasAlloc());
    ok(iommufd.allowIovas(ioas, 0, 99, 100, 200));
    ok(iommufd.allowIovas(ioas, 0, -1));
  }

  @Test
  void deviceThatReservesItCannotComeIn(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    int ioas = bound.ioas();
    long reserved = test.machine().reservedIova();
    ok(bound.iommufd().allowIovas(ioas, reserved, reserved + PAGE - 1));
    refused(EADDRINUSE, bound.device().attach(ioas));
    ok(bound.iommufd().allowIovas(ioas));
    ok(bound.device().attach(ioas));
  }

  @Test
  void reservedIovasCannotBeAllowedAnyMore(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    int ioas = bound.ioas();
    ok(bound.device().attach(ioas));
    long reserved = test.machine().reservedIova();
    refused(EADDRINUSE, bound.iommufd().allowIovas(ioas, reserved, reserved + PAGE - 1));
    ok(bound.iommufd().allowIovas(ioas, START, LAST));
  }

  @Test
  void badArrayFaults(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    int ioas = ok(iommufd.ioasAlloc());
    refused(
        EFAULT,
        iommufd.ioctl(
            iommufd
                .block(Request.IOMMU_IOAS_ALLOW_IOVAS)
                .set("ioas_id", ioas)
                .set("num_iovas", 1)
                .set("allowed_iovas", test.badAddress())));
    refused(ENOENT, iommufd.allowIovas(1000, START, LAST));
  }
}
