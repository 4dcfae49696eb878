// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.noiommu;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.UserPages.HUGE_PAGE;
import static io.iommufd4j.conformance.UserPages.PAGE;
import static io.iommufd4j.kernel.Errno.EFAULT;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static io.iommufd4j.kernel.Errno.EOPNOTSUPP;
import static io.iommufd4j.kernel.Errno.EOVERFLOW;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.conformance.BoundDevice;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.RequestBlock;
import io.iommufd4j.conformance.UserPages;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.kernel.Request;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

/**
 * {@code IOMMU_IOAS_NOIOMMU_GET_PA} where there is an answer. Addresses differ by machine: they are
 * compared with each other, never with a number.
 */
@Conformance
@WithoutIommu
final class PhysicalAddressTest {

  private static final long IOVA = 0x4000_0000;

  private static BoundDevice device(KernelUnderTest test) {
    return test.bound(test.machine().lone().getFirst());
  }

  /** An IOAS whose pages are pinned for a device. */
  private static int pinned(BoundDevice bound) {
    int ioas = bound.ioas();
    ok(bound.device().attach(ioas));
    return ioas;
  }

  @Test
  void addressIsOfTheByte(KernelUnderTest test) {
    BoundDevice bound = device(test);
    OpenIommufd iommufd = bound.iommufd();
    int ioas = pinned(bound);
    ok(iommufd.mapFixed(ioas, test.pages(1).address(), PAGE, IOVA));
    Physical page = Physical.of(iommufd, ioas, IOVA, PAGE);
    assertEquals(0, page.address() % PAGE);
    assertEquals(PAGE, page.bytes());
    for (long offset : new long[] {1, 0x123, PAGE - 1}) {
      assertEquals(
          new Physical(page.address() + offset, PAGE - offset),
          Physical.of(iommufd, ioas, IOVA + offset, PAGE));
    }
  }

  @Test
  void lengthIsAtMostWhatIsAskedFor(KernelUnderTest test) {
    BoundDevice bound = device(test);
    OpenIommufd iommufd = bound.iommufd();
    int ioas = pinned(bound);
    ok(iommufd.mapFixed(ioas, test.pages(1).address(), PAGE, IOVA));
    long address = Physical.of(iommufd, ioas, IOVA, 1).address();
    for (long asked : new long[] {1, 0x123, PAGE - 1, PAGE}) {
      assertEquals(new Physical(address, asked), Physical.of(iommufd, ioas, IOVA, asked));
    }
    for (long asked : new long[] {PAGE + 1, 1L << 40, Long.MIN_VALUE, -1}) {
      assertEquals(new Physical(address, PAGE), Physical.of(iommufd, ioas, IOVA, asked));
    }
  }

  @Test
  void hugePageIsOnePiece(KernelUnderTest test) {
    BoundDevice bound = device(test);
    OpenIommufd iommufd = bound.iommufd();
    int ioas = pinned(bound);
    UserPages huge = test.hugePages(1);
    ok(iommufd.mapFixed(ioas, huge.address(), HUGE_PAGE, IOVA));
    Physical whole = Physical.of(iommufd, ioas, IOVA, -1);
    assertEquals(0, whole.address() % HUGE_PAGE);
    assertEquals(HUGE_PAGE, whole.bytes());
    for (long offset : new long[] {1, PAGE - 1, PAGE, 5 * PAGE + 0x801, HUGE_PAGE - 1}) {
      assertEquals(
          new Physical(whole.address() + offset, HUGE_PAGE - offset),
          Physical.of(iommufd, ioas, IOVA + offset, HUGE_PAGE));
      assertEquals(
          new Physical(whole.address() + offset, 1), Physical.of(iommufd, ioas, IOVA + offset, 1));
    }
    assertEquals(
        new Physical(whole.address() + 0x800, 3 * PAGE + 7),
        Physical.of(iommufd, ioas, IOVA + 0x800, 3 * PAGE + 7));
  }

  @Test
  void pieceEndsWithTheMapping(KernelUnderTest test) {
    BoundDevice bound = device(test);
    OpenIommufd iommufd = bound.iommufd();
    int ioas = pinned(bound);
    UserPages huge = test.hugePages(1);
    // Side by side in IOVA and in memory, and yet two mappings.
    ok(iommufd.mapFixed(ioas, huge.address(), 3 * PAGE, IOVA));
    ok(iommufd.mapFixed(ioas, huge.address() + 3 * PAGE, PAGE, IOVA + 3 * PAGE));
    Physical first = Physical.of(iommufd, ioas, IOVA, HUGE_PAGE);
    Physical second = Physical.of(iommufd, ioas, IOVA + 3 * PAGE, HUGE_PAGE);
    assertEquals(3 * PAGE, first.bytes());
    assertEquals(new Physical(first.address() + 3 * PAGE, PAGE), second);
    refused(ENOENT, Physical.answer(iommufd, ioas, IOVA + 4 * PAGE, 1));
    refused(ENOENT, Physical.answer(iommufd, ioas, IOVA - 1, 2));
  }

  @Test
  void pieceEndsWherePagesAreApart(KernelUnderTest test) {
    BoundDevice bound = device(test);
    OpenIommufd iommufd = bound.iommufd();
    int ioas = pinned(bound);
    UserPages pages = test.pages(64);
    ok(iommufd.mapFixed(ioas, pages.address(), pages.bytes(), IOVA));
    long[] each = new long[64];
    for (int i = 0; i < each.length; i++) {
      each[i] = Physical.of(iommufd, ioas, IOVA + i * PAGE, PAGE).address();
    }
    for (int i = 0; i < each.length; i++) {
      int end = i + 1;
      while (end < each.length && each[end] == each[end - 1] + PAGE) {
        end++;
      }
      assertEquals(
          new Physical(each[i], (end - i) * PAGE),
          Physical.of(iommufd, ioas, IOVA + i * PAGE, pages.bytes()));
    }
  }

  @Test
  void pageHasOneAddress(KernelUnderTest test) {
    BoundDevice bound = device(test);
    OpenIommufd iommufd = bound.iommufd();
    int ioas = pinned(bound);
    UserPages pages = test.pages(2);
    ok(iommufd.mapFixed(ioas, pages.address(), 2 * PAGE, IOVA));
    ok(iommufd.mapFixed(ioas, pages.address() + PAGE, PAGE, 2 * IOVA));
    ok(iommufd.copy(ioas, IOVA, ioas, 3 * IOVA, 2 * PAGE));
    int other = bound.ioas();
    bound.hwpt(other);
    ok(iommufd.copy(ioas, IOVA + PAGE, other, IOVA, PAGE));
    long second = Physical.of(iommufd, ioas, IOVA + PAGE, PAGE).address();
    assertEquals(second, Physical.of(iommufd, ioas, 2 * IOVA, PAGE).address());
    assertEquals(second, Physical.of(iommufd, ioas, 3 * IOVA + PAGE, PAGE).address());
    assertEquals(second, Physical.of(iommufd, other, IOVA, PAGE).address());
    assertNotEquals(second, Physical.of(iommufd, ioas, IOVA, PAGE).address());
  }

  @Test
  void filesPagesHaveOneToo(KernelUnderTest test) {
    BoundDevice bound = device(test);
    OpenIommufd iommufd = bound.iommufd();
    int ioas = pinned(bound);
    int file = test.memfd(2);
    UserPages mapped = test.pagesOf(file, 2).fill("x");
    ok(iommufd.mapFile(ioas, file, 0, 2 * PAGE, IOVA));
    ok(iommufd.mapFixed(ioas, mapped.address(), 2 * PAGE, 2 * IOVA));
    for (long offset : new long[] {0, PAGE, PAGE + 0x10}) {
      assertEquals(
          Physical.of(iommufd, ioas, IOVA + offset, 1),
          Physical.of(iommufd, ioas, 2 * IOVA + offset, 1));
    }
  }

  @Test
  void mappingNeedsNoPageOfItsOwnAlignment(KernelUnderTest test) {
    BoundDevice bound = device(test);
    OpenIommufd iommufd = bound.iommufd();
    int ioas = pinned(bound);
    UserPages huge = test.hugePages(1);
    ok(iommufd.mapFixed(ioas, huge.address() + PAGE, 7 * PAGE, IOVA));
    Physical seven = Physical.of(iommufd, ioas, IOVA, HUGE_PAGE);
    assertEquals(7 * PAGE, seven.bytes());
    assertEquals(PAGE, seven.address() % HUGE_PAGE);
  }

  @Test
  void smallPagesAreOnePieceAllTheSame(KernelUnderTest test) {
    BoundDevice bound = device(test);
    OpenIommufd iommufd = bound.iommufd();
    int ioas = bound.ioas();
    ok(iommufd.setOption(iommufd_h.IOMMU_OPTION_HUGE_PAGES(), ioas, 0));
    ok(bound.device().attach(ioas));
    ok(iommufd.mapFixed(ioas, test.hugePages(1).address(), HUGE_PAGE, IOVA));
    assertEquals(HUGE_PAGE, Physical.of(iommufd, ioas, IOVA, -1).bytes());
  }

  @Test
  void onlyWhatIsPinnedHasOne(KernelUnderTest test) {
    BoundDevice bound = device(test);
    OpenIommufd iommufd = bound.iommufd();
    int ioas = bound.ioas();
    ok(iommufd.mapFixed(ioas, test.pages(1).address(), PAGE, IOVA));
    refused(EOPNOTSUPP, Physical.answer(iommufd, ioas, IOVA, PAGE));
    ok(bound.device().attach(ioas));
    ok(Physical.answer(iommufd, ioas, IOVA, PAGE));
    int other = bound.ioas();
    ok(bound.device().attach(other));
    refused(EOPNOTSUPP, Physical.answer(iommufd, ioas, IOVA, PAGE));
    refused(ENOENT, Physical.answer(iommufd, other, IOVA, PAGE));
    int hwpt = bound.hwpt(ioas);
    ok(Physical.answer(iommufd, ioas, IOVA, PAGE));
    ok(bound.device().detach());
    ok(Physical.answer(iommufd, ioas, IOVA, PAGE));
    ok(iommufd.destroy(hwpt));
    refused(EOPNOTSUPP, Physical.answer(iommufd, ioas, IOVA, PAGE));
  }

  @Test
  void unmappedHasNone(KernelUnderTest test) {
    BoundDevice bound = device(test);
    OpenIommufd iommufd = bound.iommufd();
    int ioas = pinned(bound);
    refused(ENOENT, Physical.answer(iommufd, ioas, IOVA, PAGE));
    ok(iommufd.mapFixed(ioas, test.pages(1).address(), PAGE, IOVA));
    ok(Physical.answer(iommufd, ioas, IOVA, PAGE));
    assertEquals(PAGE, iommufd.unmap(ioas, IOVA, PAGE));
    refused(ENOENT, Physical.answer(iommufd, ioas, IOVA, PAGE));
  }

  @Test
  void requestIsCheckedInOrder(KernelUnderTest test) {
    BoundDevice bound = device(test);
    OpenIommufd iommufd = bound.iommufd();
    int ioas = pinned(bound);
    ok(iommufd.mapFixed(ioas, test.pages(1).address(), PAGE, IOVA));
    RequestBlock block = Physical.block(iommufd, ioas, IOVA, PAGE);
    refused(EINVAL, iommufd.ioctl(block.set("length", 0)));
    refused(EOPNOTSUPP, iommufd.ioctl(block.set("flags", 1)));
    refused(EOPNOTSUPP, iommufd.ioctl(block.set("flags", 0).set("__reserved", 1)));
    refused(EINVAL, iommufd.ioctl(block.set("__reserved", 0).set("iova", -1)));
    refused(EOVERFLOW, iommufd.ioctl(block.set("length", 1).set("ioas_id", 4711)));
    refused(ENOENT, iommufd.ioctl(block.set("iova", IOVA)));
    refused(ENOENT, iommufd.ioctl(block.set("ioas_id", bound.id())));
    ok(iommufd.ioctl(block.set("ioas_id", ioas).set("out_phys", -1)));
    assertTrue(block.get("out_phys") > 0);
  }

  @Test
  void answerThatCannotBeWrittenIsLost(KernelUnderTest test) {
    BoundDevice bound = device(test);
    OpenIommufd iommufd = bound.iommufd();
    int ioas = pinned(bound);
    ok(iommufd.mapFixed(ioas, test.pages(1).address(), PAGE, IOVA));
    RequestBlock block = Physical.block(iommufd, ioas, IOVA, PAGE);
    MemorySegment readOnly = test.readOnly(memory -> memory.copyFrom(block.memory()));
    refused(EFAULT, iommufd.ioctl(Request.IOMMU_IOAS_NOIOMMU_GET_PA.number(), readOnly));
  }
}
