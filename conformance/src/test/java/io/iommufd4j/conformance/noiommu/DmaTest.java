// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.noiommu;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.UserPages.HUGE_PAGE;
import static io.iommufd4j.conformance.UserPages.PAGE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.conformance.BoundDevice;
import io.iommufd4j.conformance.EduDma;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.UserPages;
import io.iommufd4j.conformance.extension.Conformance;
import org.junit.jupiter.api.Test;

/** DMA that nothing translates: the device is given physical addresses, and reaches them. */
@Conformance
@WithoutIommu
final class DmaTest {

  private static final long IOVA = 0x4000_0000;
  private static final int BYTES = 64;

  /** Two pages that are pinned, and a device. */
  private record Bench(BoundDevice bound, EduDma dma, UserPages pages, int ioas) {

    static Bench of(KernelUnderTest test) {
      BoundDevice bound = test.bound(test.machine().lone().getFirst());
      UserPages pages = test.pages(2).fill("x");
      pages.memory().setString(0, "hello");
      int ioas = bound.ioas();
      ok(bound.device().attach(ioas));
      ok(bound.iommufd().mapFixed(ioas, pages.address(), 2 * PAGE, IOVA));
      return new Bench(bound, test.dma(bound.device()), pages, ioas);
    }

    long physical(int page) {
      return Physical.of(bound.iommufd(), ioas, IOVA + page * PAGE, PAGE).address();
    }
  }

  @Test
  void deviceReachesThePages(KernelUnderTest test) {
    Bench bench = Bench.of(test);
    bench.dma.move(bench.physical(0), bench.physical(1) + 0x100, BYTES);
    assertEquals("hello", bench.pages.memory().getString(PAGE + 0x100));
    assertEquals("xxxx", bench.pages.text(1, 4));
  }

  @Test
  void everyDeviceDoes(KernelUnderTest test) {
    Bench bench = Bench.of(test);
    BoundDevice other = test.bound(test.machine().lone().get(1));
    test.dma(other.device()).move(bench.physical(0), bench.physical(1), BYTES);
    assertEquals("hello", bench.pages.memory().getString(PAGE));
  }

  @Test
  void replaceTranslatesNothing(KernelUnderTest test) {
    Bench bench = Bench.of(test);
    OpenIommufd iommufd = bench.bound.iommufd();
    long from = bench.physical(0);
    long to = bench.physical(1);
    int keeps = bench.bound.hwpt(bench.ioas);
    ok(bench.bound.device().attach(bench.bound.ioas()));
    bench.dma.move(from, to, BYTES);
    assertEquals("hello", bench.pages.memory().getString(PAGE));
    ok(bench.bound.device().detach());
    bench.pages.memory().setString(0, "again");
    bench.dma.move(from, to, BYTES);
    assertEquals("again", bench.pages.memory().getString(PAGE));
    ok(iommufd.destroy(keeps));
  }

  @Test
  void hugePageIsReachedAsAWhole(KernelUnderTest test) {
    Bench bench = Bench.of(test);
    UserPages huge = test.hugePages(1);
    OpenIommufd iommufd = bench.bound.iommufd();
    ok(iommufd.mapFixed(bench.ioas, huge.address(), HUGE_PAGE, 2 * IOVA));
    Physical whole = Physical.of(iommufd, bench.ioas, 2 * IOVA, HUGE_PAGE);
    long at = HUGE_PAGE - PAGE - BYTES / 2;
    bench.dma.fetch(bench.physical(0), BYTES);
    bench.dma.store(whole.address() + at, BYTES);
    assertEquals("hello", huge.memory().getString(at));
    assertTrue(huge.all(0, 0));
  }

  @Test
  void pagesOfAFileAreReachedToo(KernelUnderTest test) {
    Bench bench = Bench.of(test);
    OpenIommufd iommufd = bench.bound.iommufd();
    int file = test.memfd(3);
    UserPages shown = test.pagesOf(file, 3);
    ok(iommufd.mapFile(bench.ioas, file, PAGE, 2 * PAGE, 2 * IOVA));
    long second = Physical.of(iommufd, bench.ioas, 2 * IOVA + PAGE, PAGE).address();
    bench.dma.move(bench.physical(0), second, BYTES);
    assertEquals("hello", shown.memory().getString(2 * PAGE));
  }
}
