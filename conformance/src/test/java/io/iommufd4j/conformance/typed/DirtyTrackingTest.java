// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.typed;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.DirtyBitmap;
import io.iommufd4j.Hwpt;
import io.iommufd4j.bindings.selftest.selftest_h;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.UserPages;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.data.HwptSpec;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.uapi.Access;
import io.iommufd4j.uapi.HwptFlag;
import java.lang.foreign.ValueLayout;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The pages that DMA wrote, through handles. */
@Conformance
final class DirtyTrackingTest {

  private static final long IOVA = selftest_h.MOCK_APERTURE_START();
  private static final long PAGE = UserPages.PAGE;
  private static final int PAGES = 8;
  private static final long WRITTEN = 0b1010_0001;

  @Test
  void writtenPagesAreReadAndCleared(KernelUnderTest test) {
    try (var setup = MockSetup.of(test)) {
      UserPages pages = test.pages(PAGES);
      // Else one entry of the page table may stand for several pages.
      setup.ioas().hugePages(false);
      setup.ioas().map(pages.address(), PAGES * PAGE, IOVA, Access.READ_WRITE);
      Hwpt hwpt =
          setup
              .iommufd()
              .newHwpt(setup.id(), setup.ioas().id(), HwptSpec.of(HwptFlag.DIRTY_TRACKING));
      hwpt.dirtyTracking(true);
      var bits = test.arena().allocateFrom(ValueLayout.JAVA_LONG, WRITTEN);
      long marked = setup.mock().dirty(hwpt.id().value(), IOVA, PAGES * PAGE, PAGE, bits);
      assertEquals(Long.bitCount(WRITTEN), marked);

      DirtyBitmap peeked = hwpt.peekDirtyBitmap(IOVA, PAGES * PAGE, PAGE);
      assertEquals(3, peeked.dirtyPages());
      DirtyBitmap read = hwpt.dirtyBitmap(IOVA, PAGES * PAGE, PAGE);
      assertEquals(IOVA, read.iova());
      assertEquals(PAGE, read.pageSize());
      assertEquals(PAGES, read.pages());
      assertArrayEquals(
          new long[] {IOVA, IOVA + 5 * PAGE, IOVA + 7 * PAGE}, read.dirtyIovas().toArray());
      assertTrue(read.isDirty(IOVA + 5 * PAGE + 1));
      assertFalse(read.isDirty(IOVA + PAGE));
      assertEquals(0, hwpt.dirtyBitmap(IOVA, PAGES * PAGE, PAGE).dirtyPages());

      hwpt.dirtyTracking(false);
    }
  }

  @Test
  void hwptNotMadeForItCannot(KernelUnderTest test) {
    try (var setup = MockSetup.of(test)) {
      Hwpt hwpt = setup.iommufd().newHwpt(setup.id(), setup.ioas().id(), Set.of());
      var refused = assertThrows(KernelException.class, () -> hwpt.dirtyTracking(true));
      assertEquals(Errno.EOPNOTSUPP, refused.errno());
    }
  }

  @Test
  void flagsGoTogether(KernelUnderTest test) {
    try (var setup = MockSetup.of(test)) {
      var spec =
          HwptSpec.of(HwptFlag.PASID)
              .withFlags(HwptFlag.PASID, HwptFlag.DIRTY_TRACKING)
              .withFaultQueue(setup.iommufd().newFaultQueue().id());
      Hwpt hwpt = setup.iommufd().newHwpt(setup.id(), setup.ioas().id(), spec);
      hwpt.dirtyTracking(true);
      setup.replace(hwpt.id());
      setup.replace(setup.ioas().id());
    }
  }
}
