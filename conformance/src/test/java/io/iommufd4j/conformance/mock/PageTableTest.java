// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.mock;

import static io.iommufd4j.bindings.selftest.selftest_h.*;
import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.Answers.same;
import static io.iommufd4j.kernel.Errno.E2BIG;
import static io.iommufd4j.kernel.Errno.EFAULT;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static io.iommufd4j.kernel.Errno.EOPNOTSUPP;
import static io.iommufd4j.kernel.Errno.EOVERFLOW;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.bindings.selftest.iommu_hwpt_selftest;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.UserPages;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.conformance.selftest.driver.MockDevice;
import io.iommufd4j.conformance.selftest.driver.MockIommufd;
import io.iommufd4j.conformance.selftest.driver.ObjectRequests;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

/** The mock's page tables: which there are, how large their leaves are, what a write dirties. */
@Conformance
final class PageTableTest {

  private static final long PAGE = UserPages.PAGE;
  private static final long HUGE = 2L << 20;
  private static final long START = MOCK_APERTURE_START();
  private static final long UNIT = MOCK_PAGE_SIZE();
  private static final int TRACKS = iommufd_h.IOMMU_HWPT_ALLOC_DIRTY_TRACKING();
  private static final int KEEP = iommufd_h.IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR();

  /** A device, and a HWPT that tracks dirty pages. */
  private record Bench(
      KernelUnderTest test, MockIommufd mock, ObjectRequests objects, int ioas, int hwpt) {

    static Bench of(KernelUnderTest test, boolean hugePages, int table) {
      MockIommufd mock = MockIommufd.open(test);
      int ioas = ok(mock.iommufd().ioasAlloc());
      if (!hugePages) {
        ok(mock.iommufd().setOption(iommufd_h.IOMMU_OPTION_HUGE_PAGES(), ioas, 0));
      }
      ObjectRequests objects = new ObjectRequests(mock.iommufd());
      int hwpt =
          ok(
              objects.hwpt(
                  mock.device(ioas).ok().id(),
                  ioas,
                  TRACKS,
                  IOMMU_HWPT_DATA_SELFTEST(),
                  data(test, table, 8)));
      ok(objects.dirtyTracking(hwpt, true));
      return new Bench(test, mock, objects, ioas, hwpt);
    }

    /** Writes to one place. */
    void write(long iova) {
      MemorySegment bit = test.arena().allocateFrom(ValueLayout.JAVA_BYTE, (byte) 1);
      same(1, mock.dirty(hwpt, iova, UNIT, UNIT, bit));
    }

    /** The dirty units from an IOVA on: first and count of each run, as text. */
    String dirty(long iova, long bytes, int flags) {
      MemorySegment bitmap = test.arena().allocate(2 * PAGE, PAGE);
      ok(objects.dirtyBitmap(hwpt, iova, bytes, UNIT, bitmap, flags));
      return runs(bitmap);
    }
  }

  private static String runs(MemorySegment bitmap) {
    var text = new StringBuilder();
    long count = 0;
    for (long bit = 0; bit <= bitmap.byteSize() * 8; bit++) {
      boolean set =
          bit < bitmap.byteSize() * 8
              && (bitmap.get(ValueLayout.JAVA_BYTE, bit / 8) >> (bit % 8) & 1) != 0;
      if (set) {
        count++;
      } else if (count > 0) {
        text.append(bit - count).append('+').append(count).append(' ');
        count = 0;
      }
    }
    return text.toString().strip();
  }

  private static MemorySegment data(KernelUnderTest test, int table, long bytes) {
    MemorySegment data = test.arena().allocate(16, 8);
    iommu_hwpt_selftest.pagetable_type(data, table);
    return data.asSlice(0, bytes);
  }

  @Test
  void dataChoosesTheTable(KernelUnderTest test) {
    MockIommufd mock = MockIommufd.open(test);
    ObjectRequests objects = new ObjectRequests(mock.iommufd());
    int ioas = ok(mock.iommufd().ioasAlloc());
    int device = mock.device(ioas).ok().id();
    int type = IOMMU_HWPT_DATA_SELFTEST();
    ok(objects.hwpt(device, ioas, 0, type, data(test, 0, 4)));
    ok(objects.hwpt(device, ioas, 0, type, data(test, MOCK_IOMMUPT_DEFAULT(), 8)));
    refused(EINVAL, objects.hwpt(device, ioas, 0, type, data(test, 0, 3)));
    refused(EINVAL, objects.hwpt(device, ioas, 0, type, data(test, 0, 9)));
    refused(EOPNOTSUPP, objects.hwpt(device, ioas, 0, type, data(test, 2, 8)));
    refused(EOPNOTSUPP, objects.hwpt(device, ioas, 0, type + 1, data(test, 0, 8)));
    refused(
        EFAULT,
        objects.hwpt(device, ioas, 0, 0, type, MemorySegment.ofAddress(test.badAddress()), 8));
    refused(EINVAL, objects.hwpt(device, ioas, 0, 0, type, data(test, 0, 8), 0));
    refused(
        EINVAL, objects.hwpt(device, ioas, 0, iommufd_h.IOMMU_HWPT_DATA_NONE(), data(test, 0, 8)));
    refused(EOPNOTSUPP, mock.iommufd().hwptAlloc(device, ioas, 1 << 4));
  }

  @Test
  void tablesHaveTheirApertures(KernelUnderTest test) {
    MockIommufd mock = MockIommufd.open(test);
    OpenIommufd iommufd = mock.iommufd();
    ObjectRequests objects = new ObjectRequests(iommufd);
    int ioas = ok(iommufd.ioasAlloc());
    MemorySegment ranges = test.arena().allocate(64, 8);
    MockDevice device = mock.device(ioas).ok();
    same(1, iommufd.iovaRanges(ioas, 4, ranges));
    assertEquals(MOCK_APERTURE_START(), ranges.get(ValueLayout.JAVA_LONG, 0));
    assertEquals(MOCK_APERTURE_LAST(), ranges.get(ValueLayout.JAVA_LONG, 8));
    int other = ok(iommufd.ioasAlloc());
    int huge =
        ok(
            objects.hwpt(
                device.id(),
                other,
                0,
                IOMMU_HWPT_DATA_SELFTEST(),
                data(test, MOCK_IOMMUPT_HUGE(), 8)));
    same(1, iommufd.iovaRanges(other, 4, ranges));
    assertEquals(0, ranges.get(ValueLayout.JAVA_LONG, 0));
    assertEquals((1L << 38) - 1, ranges.get(ValueLayout.JAVA_LONG, 8));
    UserPages pages = test.pages(2);
    refused(EINVAL, iommufd.mapFixed(other, pages.address(), PAGE, UNIT));
    ok(iommufd.mapFixed(other, pages.address(), PAGE, PAGE));
    refused(EINVAL, mock.checkMap(huge, PAGE, UNIT, pages.address()));
    ok(mock.checkMap(huge, PAGE, PAGE, pages.address()));
    ok(iommufd.mapFixed(ioas, pages.address() + UNIT, PAGE, START + UNIT));
    ok(mock.checkMap(device.hwpt(), START + UNIT, PAGE, pages.address() + UNIT));
  }

  @Test
  void translationIsChecked(KernelUnderTest test) {
    MockIommufd mock = MockIommufd.open(test);
    OpenIommufd iommufd = mock.iommufd();
    int ioas = ok(iommufd.ioasAlloc());
    MockDevice device = mock.device(ioas).ok();
    UserPages pages = test.pages(2).fill("pages");
    ok(iommufd.mapFixed(ioas, pages.address(), PAGE, START));
    int hwpt = device.hwpt();
    ok(mock.checkMap(hwpt, START, 0, pages.address()));
    ok(mock.checkMap(hwpt, START + UNIT, UNIT, pages.address() + UNIT));
    refused(EINVAL, mock.checkMap(hwpt, START, UNIT, pages.address() + UNIT));
    refused(EINVAL, mock.checkMap(hwpt, START, PAGE, pages.address() + PAGE));
    refused(EINVAL, mock.checkMap(hwpt, START, 2 * PAGE, pages.address()));
    refused(EINVAL, mock.checkMap(hwpt, START + 1, UNIT, pages.address()));
    refused(EINVAL, mock.checkMap(hwpt, START, UNIT - 1, pages.address()));
    refused(EINVAL, mock.checkMap(hwpt, START, UNIT, pages.address() + 1));
    refused(EINVAL, mock.checkMap(hwpt, START, 2 * UNIT, -UNIT));
    refused(EFAULT, mock.checkMap(hwpt, START, UNIT, test.badAddress()));
    refused(EFAULT, mock.checkMap(hwpt, START, UNIT, 0));
    refused(ENOENT, mock.checkMap(ioas, START, UNIT, pages.address()));
    refused(ENOENT, mock.checkMap(1000, START, UNIT, pages.address()));
    ok(mock.checkPins(pages.address(), PAGE, 1));
    ok(mock.checkPins(pages.address() + PAGE, PAGE, 0));
    ok(mock.checkPins(pages.address(), 0, 7));
    refused(EINVAL, mock.checkPins(pages.address() + 1, PAGE, 1));
    refused(EINVAL, mock.checkPins(pages.address(), PAGE - 1, 1));
    refused(EFAULT, mock.checkPins(test.badAddress(), PAGE, 1));
  }

  @Test
  void dirtyPagesAreMarkedWhereTracked(KernelUnderTest test) {
    Bench bench = Bench.of(test, true, MOCK_IOMMUPT_DEFAULT());
    MockIommufd mock = bench.mock;
    MemorySegment bits = test.arena().allocate(PAGE);
    refused(EINVAL, mock.dirty(bench.hwpt, START, 0, UNIT, bits));
    refused(EINVAL, mock.dirty(bench.hwpt, START, UNIT, 0, bits));
    refused(EINVAL, mock.dirty(bench.hwpt, START + 1, UNIT, UNIT, bits));
    refused(EINVAL, mock.dirty(bench.hwpt, START, UNIT + 1, UNIT, bits));
    refused(EINVAL, mock.dirty(bench.hwpt, START, UNIT, UNIT, MemorySegment.NULL));
    refused(EOVERFLOW, mock.dirty(bench.hwpt, START, (16L << 23) + 1, 1, bits));
    refused(ENOENT, mock.dirty(bench.ioas, START, UNIT, UNIT, bits));
    refused(
        EFAULT,
        mock.dirty(bench.hwpt, START, UNIT, UNIT, MemorySegment.ofAddress(test.badAddress())));
    same(0, mock.dirty(bench.hwpt, START, PAGE, UNIT, bits));
    bits.set(ValueLayout.JAVA_BYTE, 0, (byte) 0xff);
    same(2, mock.dirty(bench.hwpt, START, PAGE, UNIT, bits));
    ok(bench.objects.dirtyTracking(bench.hwpt, false));
    refused(EINVAL, mock.dirty(bench.hwpt, START, PAGE, UNIT, bits));
  }

  @Test
  void smallPagesAreDirtiedEachByItself(KernelUnderTest test) {
    Bench bench = Bench.of(test, false, MOCK_IOMMUPT_DEFAULT());
    UserPages pages = test.sharedPages(16);
    ok(bench.mock.iommufd().mapFixed(bench.ioas, pages.address(), 16 * PAGE, START));
    bench.write(START + UNIT);
    bench.write(START + 4 * PAGE);
    assertEquals("0+2 8+2", bench.dirty(START, 16 * PAGE, KEEP));
    assertEquals("0+2", bench.dirty(START + 4 * PAGE, PAGE, 0));
    assertEquals("0+2", bench.dirty(START, 16 * PAGE, 0));
    assertEquals("", bench.dirty(START, 16 * PAGE, 0));
  }

  @Test
  void hugePageIsOneLeaf(KernelUnderTest test) {
    Bench bench = Bench.of(test, true, MOCK_IOMMUPT_DEFAULT());
    UserPages pages = test.hugePages(1);
    ok(bench.mock.iommufd().mapFixed(bench.ioas, pages.address(), HUGE, HUGE * 16));
    bench.write(HUGE * 16 + 5 * UNIT);
    assertEquals("0+1024", bench.dirty(HUGE * 16, HUGE, KEEP));
    // A leaf that starts before the range is lost, one that ends behind it is reported to the page.
    assertEquals("", bench.dirty(HUGE * 16 + PAGE, PAGE, KEEP));
    assertEquals("0+1024", bench.dirty(HUGE * 16, PAGE, KEEP));
    assertEquals("", bench.dirty(HUGE * 16 + PAGE, PAGE, 0));
    assertEquals("", bench.dirty(HUGE * 16, HUGE, 0));
  }

  @Test
  void leavesAreAsLargeAsTheirAlignment(KernelUnderTest test) {
    Bench bench = Bench.of(test, true, MOCK_IOMMUPT_DEFAULT());
    UserPages pages = test.hugePages(1);
    // 64 KiB of it, both sides aligned to 16 KiB and no more.
    long iova = START + 4 * PAGE;
    ok(bench.mock.iommufd().mapFixed(bench.ioas, pages.address() + 8 * PAGE, 16 * PAGE, iova));
    for (long page = 0; page < 16; page += 4) {
      bench.write(iova + page * PAGE);
      assertEquals(page * 2 + "+8", bench.dirty(iova, 16 * PAGE, 0));
    }
  }

  @Test
  void hugeTableHasLeavesOfTwoSizes(KernelUnderTest test) {
    Bench bench = Bench.of(test, true, MOCK_IOMMUPT_HUGE());
    UserPages pages = test.hugePages(1);
    OpenIommufd iommufd = bench.mock.iommufd();
    ok(iommufd.mapFixed(bench.ioas, pages.address(), HUGE, HUGE * 16));
    bench.write(HUGE * 16 + 5 * UNIT);
    assertEquals("0+512", bench.dirty(HUGE * 16, HUGE, 0));
    bench.write(HUGE * 16 + MOCK_HUGE_PAGE_SIZE());
    assertEquals("512+512", bench.dirty(HUGE * 16, HUGE, 0));
    same(HUGE, iommufd.unmap(bench.ioas, HUGE * 16, HUGE));
    ok(iommufd.mapFixed(bench.ioas, pages.address(), HUGE - PAGE, HUGE * 16 + PAGE));
    bench.write(HUGE * 16 + HUGE / 2);
    assertEquals("510+2", bench.dirty(HUGE * 16 + PAGE, HUGE - PAGE, 0));
  }

  @Test
  void testCommandHasItsLength(KernelUnderTest test) {
    MockIommufd mock = MockIommufd.open(test);
    MemorySegment block = test.arena().allocate(256, 8);
    block.set(ValueLayout.JAVA_INT, 4, IOMMU_TEST_OP_SET_TEMP_MEMORY_LIMIT());
    block.set(ValueLayout.JAVA_INT, 16, MockIommufd.DEFAULT_MEMORY_LIMIT);
    int size = (int) io.iommufd4j.bindings.selftest.iommu_test_cmd.sizeof();
    for (int bytes : new int[] {size - 8, size - 5}) {
      block.set(ValueLayout.JAVA_INT, 0, bytes);
      refused(EINVAL, mock.iommufd().ioctl(IOMMU_TEST_CMD(), block));
    }
    for (int bytes : new int[] {size - 4, size, size + 8}) {
      block.set(ValueLayout.JAVA_INT, 0, bytes);
      ok(mock.iommufd().ioctl(IOMMU_TEST_CMD(), block));
    }
    block.set(ValueLayout.JAVA_BYTE, size, (byte) 1);
    refused(E2BIG, mock.iommufd().ioctl(IOMMU_TEST_CMD(), block));
  }
}
