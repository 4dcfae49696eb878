// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.selftest.ioas;

import static io.iommufd4j.bindings.selftest.selftest_h.*;
import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.selftest.driver.TestMemory.BUFFER;
import static io.iommufd4j.conformance.selftest.driver.TestMemory.PAGE;
import static io.iommufd4j.kernel.Errno.EADDRINUSE;
import static io.iommufd4j.kernel.Errno.EMSGSIZE;
import static io.iommufd4j.kernel.Errno.ENOSPC;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.RequestBlock;
import io.iommufd4j.conformance.selftest.Counterpart;
import io.iommufd4j.conformance.selftest.Selftest;
import java.lang.foreign.ValueLayout;
import java.util.function.LongBinaryOperator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Reserved ranges, allowed ranges, and where the kernel puts what has no IOVA of its own. */
@Selftest
final class IoasRangesTest {

  private static final long WHOLE_SPACE = -1;

  @ParameterizedTest(name = "{0}")
  @EnumSource
  @Counterpart("iommufd_ioas.area_auto_iova")
  void chosenIovas(IoasVariant variant, KernelUnderTest test) {
    IoasFixture ioas = IoasFixture.open(test, variant);
    LongBinaryOperator anywhere = (iova, _) -> iova;

    mapped(ioas, ioas.address(), _ -> PAGE, anywhere);

    // Without a device nobody looks at the memory.
    long address = ioas.attached() ? ioas.address() : 1L << 31;
    mapped(ioas, address, IoasRangesTest::growing, IoasRangesTest::aligned);

    long reserved = 4 * PAGE;
    long reservedEnd = reserved + 100 * PAGE;
    ok(ioas.mock().addReserved(ioas.ioas(), reserved, reservedEnd - reserved));
    mapped(
        ioas,
        ioas.address(),
        IoasRangesTest::growing,
        (iova, length) -> {
          assertFalse(iova > reserved && iova < reservedEnd, () -> Long.toHexString(iova));
          return aligned(iova, length);
        });

    OpenIommufd iommufd = ioas.iommufd();
    refused(EADDRINUSE, iommufd.allowIovas(ioas.ioas(), PAGE, 600 * PAGE));
    long first = ioas.attached() ? MOCK_APERTURE_START() + PAGE : 200 * PAGE;
    long last = (ioas.attached() ? MOCK_APERTURE_START() : 0) + 600 * PAGE - 1;
    ok(iommufd.allowIovas(ioas.ioas(), first, last));
    mapped(
        ioas,
        ioas.address(),
        IoasRangesTest::growing,
        (iova, length) -> {
          assertTrue(iova >= first && iova <= last, () -> Long.toHexString(iova));
          assertTrue(iova + length > first && iova + length <= last + 1);
          return aligned(iova, length);
        });
  }

  /** Bytes of the n-th mapping. */
  @FunctionalInterface
  private interface Length {
    long of(int index);
  }

  private static long growing(int index) {
    return PAGE * (index + 1);
  }

  private static long aligned(long iova, long length) {
    assertEquals(0, iova % Long.lowestOneBit(length), () -> Long.toHexString(iova));
    return iova;
  }

  /** Maps ten times, looks at each IOVA, and unmaps. */
  private static void mapped(
      IoasFixture ioas, long address, Length length, LongBinaryOperator check) {
    long[] iovas = new long[10];
    for (int i = 0; i < iovas.length; i++) {
      iovas[i] = check.applyAsLong(ok(ioas.map(address, length.of(i))), length.of(i));
    }
    for (int i = 0; i < iovas.length; i++) {
      ok(ioas.unmap(iovas[i], length.of(i)));
    }
  }

  @ParameterizedTest(name = "{0}")
  @EnumSource
  @Counterpart("iommufd_ioas.reserved_overflow")
  void nearlyAllReserved(IoasVariant variant, KernelUnderTest test) {
    IoasFixture ioas = IoasFixture.open(test, variant);
    ok(ioas.mock().addReserved(ioas.ioas(), 6, 0xffff_ffff_ffff_8001L));
    refused(ENOSPC, ioas.map(ioas.address(), 5 * PAGE));
  }

  @ParameterizedTest(name = "{0}")
  @EnumSource
  @Counterpart("iommufd_ioas.area_allowed")
  void allowedOrReserved(IoasVariant variant, KernelUnderTest test) {
    IoasFixture ioas = IoasFixture.open(test, variant);
    OpenIommufd iommufd = ioas.iommufd();
    long first = ioas.base();
    long last = first + 600 * PAGE;
    ok(iommufd.allowIovas(ioas.ioas(), first, last));
    refused(EADDRINUSE, ioas.mock().addReserved(ioas.ioas(), first + PAGE, PAGE));
    ok(iommufd.allowIovas(ioas.ioas()));
    ok(ioas.mock().addReserved(ioas.ioas(), first + PAGE, PAGE));
    refused(EADDRINUSE, iommufd.allowIovas(ioas.ioas(), first, last));
  }

  @ParameterizedTest(name = "{0}")
  @EnumSource
  @Counterpart("iommufd_ioas.iova_ranges")
  void ranges(IoasVariant variant, KernelUnderTest test) {
    IoasFixture ioas = IoasFixture.open(test, variant);
    long first = ioas.attached() ? MOCK_APERTURE_START() : 0;
    long last = ioas.attached() ? MOCK_APERTURE_LAST() : WHOLE_SPACE;
    int plenty = (int) (BUFFER / (2 * Long.BYTES));

    RequestBlock block = block(ioas, plenty);
    ok(ioas.iommufd().ioctl(block));
    assertEquals(1, block.get("num_iovas"));
    range(ioas, 0, first, last);
    assertEquals(ioas.attached() ? MOCK_PAGE_SIZE() : 1, block.get("out_iova_alignment"));

    ioas.buffer().memory().fill((byte) 0);
    block = block(ioas, 0);
    refused(EMSGSIZE, ioas.iommufd().ioctl(block));
    assertEquals(1, block.get("num_iovas"));
    range(ioas, 0, 0, 0);

    ok(ioas.mock().addReserved(ioas.ioas(), PAGE, PAGE));
    block = block(ioas, plenty);
    ok(ioas.iommufd().ioctl(block));
    if (ioas.attached()) {
      assertEquals(1, block.get("num_iovas"));
      range(ioas, 0, first, last);
    } else {
      assertEquals(2, block.get("num_iovas"));
      range(ioas, 0, 0, PAGE - 1);
      range(ioas, 1, 2 * PAGE, WHOLE_SPACE);
    }

    ioas.buffer().memory().fill((byte) 0);
    block = block(ioas, 1);
    if (ioas.attached()) {
      ok(ioas.iommufd().ioctl(block));
      assertEquals(1, block.get("num_iovas"));
      range(ioas, 0, first, last);
    } else {
      refused(EMSGSIZE, ioas.iommufd().ioctl(block));
      assertEquals(2, block.get("num_iovas"));
      range(ioas, 0, 0, PAGE - 1);
    }
    range(ioas, 1, 0, 0);
  }

  private static RequestBlock block(IoasFixture ioas, int room) {
    return ioas.iommufd().iovaRangesBlock(ioas.ioas(), room, ioas.buffer().memory());
  }

  private static void range(IoasFixture ioas, int index, long first, long last) {
    var ranges = ioas.buffer().memory();
    assertEquals(first, ranges.getAtIndex(ValueLayout.JAVA_LONG, 2L * index));
    assertEquals(last, ranges.getAtIndex(ValueLayout.JAVA_LONG, 2L * index + 1));
  }
}
