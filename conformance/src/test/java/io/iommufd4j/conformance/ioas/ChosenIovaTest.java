// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.ioas;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.UserPages.PAGE;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.EOVERFLOW;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.conformance.BoundDevice;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.UserPages;
import io.iommufd4j.conformance.extension.Conformance;
import org.junit.jupiter.api.Test;

/** IOVAs of the kernel's choice: the lowest that fit, aligned as the memory is. */
@Conformance
final class ChosenIovaTest {

  @Test
  void lowestPageButTheFirst(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    int ioas = ok(iommufd.ioasAlloc());
    UserPages page = test.pages(1);
    for (int i = 1; i <= 4; i++) {
      assertEquals(i * PAGE, iommufd.map(ioas, page.address(), PAGE));
    }
  }

  @Test
  void freedIovaIsChosenAgain(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    int ioas = ok(iommufd.ioasAlloc());
    UserPages page = test.pages(1);
    for (int i = 1; i <= 4; i++) {
      ok(iommufd.map(ioas, page.address(), PAGE));
    }
    assertEquals(PAGE, iommufd.unmap(ioas, 2 * PAGE, PAGE));
    assertEquals(2 * PAGE, iommufd.map(ioas, page.address(), PAGE));
    assertEquals(5 * PAGE, iommufd.map(ioas, page.address(), PAGE));
  }

  @Test
  void holeTooSmallIsSkipped(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    int ioas = ok(iommufd.ioasAlloc());
    UserPages pages = test.pages(2);
    ok(iommufd.mapFixed(ioas, pages.address(), PAGE, 2 * PAGE));
    long chosen = ok(iommufd.map(ioas, pages.address(), 2 * PAGE));
    // A pair of pages keeps the alignment its memory has, a page or two.
    long aligned = (pages.address() & PAGE) == 0 ? 4 * PAGE : 3 * PAGE;
    assertEquals(aligned, chosen);
  }

  @Test
  void alignmentFollowsTheMemory(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    int ioas = ok(iommufd.ioasAlloc());
    UserPages pages = test.pages(64);
    long even = (pages.address() + 16 * PAGE - 1) & -(16 * PAGE);
    assertEquals(16 * PAGE, iommufd.map(ioas, even, 16 * PAGE));
    assertEquals(PAGE, iommufd.map(ioas, even + PAGE, 8 * PAGE));
    assertEquals(10 * PAGE, iommufd.map(ioas, even + 2 * PAGE, 6 * PAGE));
  }

  @Test
  void offsetWithinThePageIsKept(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    int ioas = ok(iommufd.ioasAlloc());
    UserPages page = test.pages(1);
    assertEquals(PAGE + 0x123, iommufd.map(ioas, page.address() + 0x123, 0x10));
  }

  @Test
  void reservedIovasAreStayedClearOf(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    OpenIommufd iommufd = bound.iommufd();
    int ioas = bound.ioas();
    ok(bound.device().attach(ioas));
    UserPages pages = test.pages(1);
    long reserved = test.machine().reservedIova();
    ok(iommufd.allowIovas(ioas, 0x1000, 0x1fff, reserved + 0x10_0000, reserved + 0x10_1fff));
    assertEquals(0x1000, iommufd.map(ioas, pages.address(), PAGE));
    assertEquals(reserved + 0x10_0000, iommufd.map(ioas, pages.address(), PAGE));
    refused(EINVAL, iommufd.mapFixed(ioas, pages.address(), PAGE, reserved));
  }

  @Test
  void impossibleLengthsAreRefused(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    int ioas = ok(iommufd.ioasAlloc());
    UserPages page = test.pages(1);
    refused(EINVAL, iommufd.map(ioas, page.address(), 0));
    refused(EOVERFLOW, iommufd.map(ioas, page.address(), -1));
    refused(EOVERFLOW, iommufd.map(ioas, 0x1000, Long.MAX_VALUE));
  }
}
