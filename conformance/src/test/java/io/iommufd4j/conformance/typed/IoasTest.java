// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.typed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.DmaBuffer;
import io.iommufd4j.Ioas;
import io.iommufd4j.Iommufd;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.Needs;
import io.iommufd4j.conformance.UserPages;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.uapi.Access;
import io.iommufd4j.uapi.IovaRange;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Mapping in every form that the typed API has. */
@Conformance
final class IoasTest {

  private static final long PAGE = UserPages.PAGE;
  private static final long IOVA = 0x100_0000;

  @Test
  void memoryByAddressOrSegmentAtAnyIova(KernelUnderTest test) {
    try (var iommufd = Iommufd.open(test.kernel());
        var memory = DmaBuffer.allocate(test.kernel(), PAGE)) {
      assertEquals(PAGE, memory.byteSize());
      Ioas ioas = iommufd.newIoas();
      ioas.map(memory.segment(), IOVA, Access.READ_WRITE);
      ioas.map(memory.segment().address(), PAGE, IOVA + PAGE, Access.READ);
      long third = ioas.map(memory.segment(), Access.WRITE);
      long fourth = ioas.map(memory.segment().address(), PAGE, Access.READ);
      assertTrue(third != fourth);
      var taken =
          assertThrows(KernelException.class, () -> ioas.map(memory.segment(), IOVA, Access.READ));
      assertEquals(Errno.EEXIST, taken.errno());
      assertEquals(2 * PAGE, ioas.unmap(IOVA, 2 * PAGE));
      assertEquals(2 * PAGE, ioas.unmapAll());
      assertThrows(
          IllegalArgumentException.class,
          () -> ioas.map(MemorySegment.ofArray(new long[512]), IOVA, Access.READ));
    }
  }

  @Test
  void filesAndCopies(KernelUnderTest test) {
    try (var iommufd = Iommufd.open(test.kernel())) {
      Ioas source = iommufd.newIoas();
      int file = test.memfd(4);
      source.mapFile(file, PAGE, PAGE, IOVA, Access.READ_WRITE);
      long chosen = source.mapFile(file, 0, PAGE, Access.READ);
      Ioas copy = iommufd.newIoas();
      copy.copyFrom(source, IOVA, PAGE, 2 * IOVA, Access.READ_WRITE);
      long elsewhere = copy.copyFrom(source, chosen, PAGE, Access.READ);
      var readOnly =
          assertThrows(
              KernelException.class,
              () -> copy.copyFrom(source, chosen, PAGE, 3 * IOVA, Access.WRITE));
      assertEquals(Errno.EPERM, readOnly.errno());
      assertEquals(PAGE, copy.unmap(2 * IOVA, PAGE));
      assertEquals(PAGE, copy.unmap(elsewhere, PAGE));
      try (var stranger = Iommufd.open(test.kernel())) {
        Ioas other = stranger.newIoas();
        assertThrows(
            IllegalArgumentException.class,
            () -> other.copyFrom(source, IOVA, PAGE, IOVA, Access.READ));
        assertThrows(IllegalArgumentException.class, () -> iommufd.idOf(other));
      }
    }
  }

  @Test
  void allowedRangesAreWhereTheKernelMaps(KernelUnderTest test) {
    try (var iommufd = Iommufd.open(test.kernel())) {
      Ioas ioas = iommufd.newIoas();
      var range = new IovaRange(IOVA, IOVA + 4 * PAGE - 1);
      ioas.allowIovas(List.of(range));
      assertTrue(range.contains(ioas.map(test.pages(1).address(), PAGE, Access.READ)));
      ioas.allowIovas(List.of());
      assertTrue(ioas.iovaRanges().allow(new IovaRange(0, PAGE - 1)));
      var overlapping = List.of(range, range);
      assertEquals(
          Errno.EINVAL,
          assertThrows(KernelException.class, () -> ioas.allowIovas(overlapping)).errno());
    }
  }

  @Test
  void pagesAreCombinedUnlessSwitchedOff(KernelUnderTest test) {
    try (var iommufd = Iommufd.open(test.kernel())) {
      Ioas ioas = iommufd.newIoas();
      assertTrue(ioas.hugePages());
      ioas.hugePages(false);
      assertFalse(ioas.hugePages());
      assertEquals("IOAS " + ioas.id().value(), ioas.toString());
      assertEquals(iommufd, ioas.iommufd());
    }
  }

  @Test
  void physicalAddressesAreNotForTranslatedDevices(KernelUnderTest test) {
    Needs.request(test.kernel(), Request.IOMMU_IOAS_NOIOMMU_GET_PA);
    try (var iommufd = Iommufd.open(test.kernel())) {
      Ioas ioas = iommufd.newIoas();
      ioas.map(test.pages(1).address(), PAGE, IOVA, Access.READ);
      var refused = assertThrows(KernelException.class, () -> ioas.physicalRange(IOVA, PAGE));
      assertEquals(Errno.EOPNOTSUPP, refused.errno());
      assertTrue(refused.hint().contains("CONFIG_IOMMUFD_NOIOMMU"), refused.hint());
    }
  }

  @Test
  void closedIoasIsOver(KernelUnderTest test) {
    try (var iommufd = Iommufd.open(test.kernel())) {
      Ioas ioas = iommufd.newIoas();
      ioas.close();
      ioas.close();
      assertThrows(IllegalStateException.class, ioas::unmapAll);
    }
  }
}
