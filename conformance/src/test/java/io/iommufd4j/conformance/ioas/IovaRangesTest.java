// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.ioas;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.UserPages.PAGE;
import static io.iommufd4j.kernel.Errno.EFAULT;
import static io.iommufd4j.kernel.Errno.EMSGSIZE;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.conformance.BoundDevice;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.RequestBlock;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.kernel.Errno;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** {@code IOMMU_IOAS_IOVA_RANGES}: where an IOAS can map, as attached devices leave it. */
@Conformance
final class IovaRangesTest {

  private static final int ROOM = 16;

  private record Range(long first, long last) {}

  @Test
  void withoutDevicesEverythingIsUsable(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    int ioas = ok(iommufd.ioasAlloc());
    assertEquals(List.of(new Range(0, -1)), ranges(test, iommufd, ioas));
    RequestBlock block = iommufd.iovaRangesBlock(ioas, ROOM, test.arena().allocate(16 * ROOM));
    ok(iommufd.ioctl(block));
    assertEquals(1, block.get("out_iova_alignment"));
  }

  @Test
  void tooLittleRoomTellsHowMuchItTakes(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    int ioas = ok(iommufd.ioasAlloc());
    RequestBlock block = iommufd.iovaRangesBlock(ioas, 0, MemorySegment.NULL);
    refused(EMSGSIZE, iommufd.ioctl(block));
    assertEquals(1, block.get("num_iovas"));
    assertEquals(1, block.get("out_iova_alignment"));
  }

  @Test
  void whatFitsIsWrittenAndNoMore(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    int ioas = bound.ioas();
    ok(bound.device().attach(ioas));
    MemorySegment into = test.arena().allocate(16 * ROOM);
    into.fill((byte) 0x55);
    int all = ok(bound.iommufd().iovaRanges(ioas, 1, into));
    assertTrue(all > 1, "a device leaves no hole");
    assertEquals(0x5555_5555_5555_5555L, into.get(ValueLayout.JAVA_LONG, 16));
    refused(EMSGSIZE, bound.iommufd().ioctl(bound.iommufd().iovaRangesBlock(ioas, 1, into)));
  }

  @Test
  void attachedDeviceTakesItsReservedIovas(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    OpenIommufd iommufd = bound.iommufd();
    int ioas = bound.ioas();
    List<Range> before = ranges(test, iommufd, ioas);
    int hwpt = ok(bound.device().attach(ioas));
    List<Range> attached = ranges(test, iommufd, ioas);
    long reserved = test.machine().reservedIova();
    assertTrue(
        attached.stream().noneMatch(r -> unsignedWithin(r, reserved)), attached + " has no hole");
    RequestBlock block = iommufd.iovaRangesBlock(ioas, ROOM, test.arena().allocate(16 * ROOM));
    ok(iommufd.ioctl(block));
    assertEquals(PAGE, block.get("out_iova_alignment"));
    ok(bound.device().detach());
    refused(ENOENT, iommufd.destroy(hwpt));
    assertEquals(before, ranges(test, iommufd, ioas));
  }

  @Test
  void rangesAreInOrderAndApart(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    int ioas = bound.ioas();
    ok(bound.device().attach(ioas));
    List<Range> ranges = ranges(test, bound.iommufd(), ioas);
    long[] bounds = ranges.stream().flatMapToLong(IovaRangesTest::bounds).toArray();
    long[] sorted =
        ranges.stream()
            .flatMapToLong(IovaRangesTest::bounds)
            .boxed()
            .sorted(Long::compareUnsigned)
            .mapToLong(Long::longValue)
            .toArray();
    assertArrayEquals(sorted, bounds);
  }

  @Test
  void badArrayFaults(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    int ioas = ok(iommufd.ioasAlloc());
    MemorySegment bad = MemorySegment.ofAddress(test.badAddress());
    refused(EFAULT, iommufd.ioctl(iommufd.iovaRangesBlock(ioas, 1, bad)));
    assertEquals(1, iommufd.iovaRanges(ioas, 0, bad));
  }

  private static LongStream bounds(Range range) {
    return LongStream.of(range.first, range.last);
  }

  private static boolean unsignedWithin(Range range, long iova) {
    return Long.compareUnsigned(range.first, iova) <= 0
        && Long.compareUnsigned(iova, range.last) <= 0;
  }

  private static List<Range> ranges(KernelUnderTest test, OpenIommufd iommufd, int ioas) {
    MemorySegment into = test.arena().allocate(16 * ROOM);
    int count = iommufd.iovaRanges(ioas, ROOM, into);
    assertTrue(count >= 0, () -> Errno.name(count));
    var ranges = new ArrayList<Range>();
    for (int i = 0; i < count; i++) {
      ranges.add(
          new Range(
              into.getAtIndex(ValueLayout.JAVA_LONG, 2L * i),
              into.getAtIndex(ValueLayout.JAVA_LONG, 2L * i + 1)));
    }
    return ranges;
  }
}
