// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.replace;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.UserPages.PAGE;
import static io.iommufd4j.kernel.Errno.EADDRINUSE;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.conformance.BoundDevice;
import io.iommufd4j.conformance.DriverAnswers;
import io.iommufd4j.conformance.EduDma;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.UserPages;
import io.iommufd4j.conformance.extension.Conformance;
import org.junit.jupiter.api.Test;

/** A device's DMA reaches the memory that it is attached to, before and after a replace. */
@Conformance
final class DmaTest {

  private static final long SOURCE = 0x10_0000;
  private static final long LANDING = 0x20_0000;
  private static final int BYTES = 64;

  /** An IOAS where one IOVA leads to a page of its own and another to a page that all share. */
  private static int space(
      KernelUnderTest test, BoundDevice bound, String text, UserPages landing) {
    int ioas = bound.ioas();
    long page = test.pages(1).fill(text).address();
    ok(bound.iommufd().mapFixed(ioas, page, PAGE, SOURCE));
    ok(bound.iommufd().mapFixed(ioas, landing.address(), PAGE, LANDING));
    return ioas;
  }

  private static String fetched(EduDma dma, UserPages landing) {
    landing.fill("-");
    dma.move(SOURCE, LANDING, BYTES);
    return landing.text(0, 4);
  }

  @Test
  void replaceChangesWhoseBytesArrive(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    UserPages landing = test.pages(1);
    int first = bound.hwpt(space(test, bound, "AAAA", landing));
    int second = bound.hwpt(space(test, bound, "BBBB", landing));
    ok(bound.device().attach(first));
    EduDma dma = test.dma(bound.device());
    assertEquals(0x0100_00ed, dma.identification());
    assertEquals("AAAA", fetched(dma, landing));
    ok(bound.device().attach(second));
    assertEquals("BBBB", fetched(dma, landing));
    ok(bound.device().attach(first));
    assertEquals("AAAA", fetched(dma, landing));
  }

  @Test
  void replaceByIoasDoesTheSame(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    UserPages landing = test.pages(1);
    int first = space(test, bound, "AAAA", landing);
    int second = space(test, bound, "BBBB", landing);
    ok(bound.device().attach(first));
    EduDma dma = test.dma(bound.device());
    assertEquals("AAAA", fetched(dma, landing));
    ok(bound.device().attach(second));
    assertEquals("BBBB", fetched(dma, landing));
  }

  @Test
  void refusedReplaceLeavesDmaWhereItWas(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    UserPages landing = test.pages(1);
    int first = space(test, bound, "AAAA", landing);
    int second = space(test, bound, "BBBB", landing);
    long reserved = test.machine().reservedIova();
    ok(bound.iommufd().mapFixed(second, landing.address(), PAGE, reserved));
    ok(bound.device().attach(first));
    EduDma dma = test.dma(bound.device());
    refused(EADDRINUSE, bound.device().attach(second));
    assertEquals("AAAA", fetched(dma, landing));
  }

  @Test
  void wholeGroupMovesWhenOneIsReplaced(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    BoundDevice one = test.bound(iommufd, test.machine().pair().getFirst());
    BoundDevice other = test.bound(iommufd, test.machine().pair().getLast());
    UserPages landing = test.pages(1);
    int first = one.hwpt(space(test, one, "AAAA", landing));
    int second = one.hwpt(space(test, one, "BBBB", landing));
    ok(one.device().attach(first));
    ok(other.device().attach(first));
    EduDma dmaOfOne = test.dma(one.device());
    EduDma dmaOfOther = test.dma(other.device());
    assertEquals("AAAA", fetched(dmaOfOther, landing));
    ok(one.device().attach(second));
    assertEquals("BBBB", fetched(dmaOfOther, landing));
    assertEquals("BBBB", fetched(dmaOfOne, landing));
  }

  @Test
  void detachedSiblingStillReachesTheGroupsPages(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    BoundDevice one = test.bound(iommufd, test.machine().pair().getFirst());
    BoundDevice other = test.bound(iommufd, test.machine().pair().getLast());
    UserPages landing = test.pages(1);
    int hwpt = one.hwpt(space(test, one, "AAAA", landing));
    ok(one.device().attach(hwpt));
    ok(other.device().attach(hwpt));
    EduDma dma = test.dma(other.device());
    ok(other.device().detach());
    assertEquals("AAAA", fetched(dma, landing));
  }

  @Test
  void unmappedPageIsOutOfReach(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    UserPages landing = test.pages(1);
    int ioas = space(test, bound, "AAAA", landing);
    ok(bound.device().attach(ioas));
    EduDma dma = test.dma(bound.device());
    assertEquals("AAAA", fetched(dma, landing));
    assertEquals(PAGE, bound.iommufd().unmap(ioas, LANDING, PAGE));
    landing.fill("-");
    dma.move(SOURCE, LANDING, BYTES);
    assertEquals("----", landing.text(0, 4));
  }

  @Test
  void pageMappedForReadingIsNotWritten(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    UserPages pages = test.pages(1).fill("-");
    int ioas = bound.ioas();
    ok(bound.device().attach(ioas));
    ok(bound.iommufd().mapFixed(ioas, pages.address(), PAGE, LANDING, OpenIommufd.READ));
    test.dma(bound.device()).store(LANDING, BYTES);
    assertEquals("----", pages.text(0, 4));
  }

  /** Some page tables have no bit that permits reads. */
  @Test
  void pageMappedForWritingIsReadWhereNothingForbidsIt(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    UserPages landing = test.pages(1);
    int ioas = bound.ioas();
    ok(bound.device().attach(ioas));
    long page = test.pages(1).fill("AAAA").address();
    ok(bound.iommufd().mapFixed(ioas, page, PAGE, SOURCE, OpenIommufd.WRITE));
    ok(bound.iommufd().mapFixed(ioas, landing.address(), PAGE, LANDING));
    boolean read = fetched(test.dma(bound.device()), landing).equals("AAAA");
    assertEquals(DriverAnswers.of(test, "DMA that reads what is mapped for writing"), read ? 1 : 0);
  }

  @Test
  void fileIsReachedAsMemoryIs(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    UserPages landing = test.pages(1);
    int ioas = bound.ioas();
    ok(bound.device().attach(ioas));
    int file = test.memfd(2);
    test.pagesOf(file, 2).fill("FILE");
    ok(bound.iommufd().mapFile(ioas, file, PAGE, PAGE, SOURCE));
    ok(bound.iommufd().mapFixed(ioas, landing.address(), PAGE, LANDING));
    assertEquals("FILE", fetched(test.dma(bound.device()), landing));
  }

  @Test
  void copiedMappingLeadsToTheSamePages(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    UserPages landing = test.pages(1);
    int source = space(test, bound, "AAAA", landing);
    int target = bound.ioas();
    ok(bound.iommufd().copy(source, SOURCE, target, SOURCE, PAGE));
    ok(bound.iommufd().copy(source, LANDING, target, LANDING, PAGE));
    ok(bound.iommufd().destroy(source));
    ok(bound.device().attach(target));
    assertEquals("AAAA", fetched(test.dma(bound.device()), landing));
  }
}
