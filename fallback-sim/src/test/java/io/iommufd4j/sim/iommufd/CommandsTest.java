// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd;

import static io.iommufd4j.sim.iommufd.Bench.PAGE;
import static io.iommufd4j.sim.iommufd.Bench.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.iommufd4j.bindings.iommufd.iommu_destroy;
import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.kernel.Errno;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CommandsTest {

  private final Bench bench = new Bench();

  @AfterEach
  void close() {
    bench.close();
  }

  private static int request(int number) {
    return iommufd_h.IOMMUFD_TYPE() << 8 | number;
  }

  /** By number: the smallest and the whole size of each command's structure. */
  @ParameterizedTest
  @CsvSource({
    "0x80, 8, 8",
    "0x81, 12, 12",
    "0x82, 24, 24",
    "0x83, 40, 40",
    "0x84, 32, 32",
    "0x85, 40, 40",
    "0x86, 24, 24",
    "0x87, 24, 24",
    "0x88, 12, 12",
    "0x89, 24, 48",
    "0x8a, 32, 40",
    "0x8b, 16, 16",
    "0x8c, 48, 48",
    "0x8d, 32, 32",
    "0x8e, 16, 16",
    "0x8f, 40, 40",
    "0x90, 24, 40",
    "0x91, 24, 24",
    "0x92, 8, 8",
    "0x93, 28, 32",
    "0x94, 40, 40",
    "0x95, 40, 40"
  })
  void sizes(String hex, int minimum, int size) {
    int request = request(Integer.decode(hex));
    MemorySegment block = bench.arena.allocate(2L * PAGE, PAGE);
    iommu_destroy.size(block, minimum - 1);
    refused(Errno.EINVAL, bench.call(request, block));

    iommu_destroy.size(block, size);
    int plain = bench.call(request, block);
    block.fill((byte) 0);
    iommu_destroy.size(block, PAGE + 100);
    int padded = bench.call(request, block);
    if (plain != 0) {
      assertEquals(plain, padded);
    }
    block.fill((byte) 0);
    iommu_destroy.size(block, PAGE + 100);
    block.set(ValueLayout.JAVA_BYTE, PAGE + 99, (byte) 1);
    refused(Errno.E2BIG, bench.call(request, block));
    block.fill((byte) 0);
    iommu_destroy.size(block, minimum);
    assertNotEquals(Errno.E2BIG.negated(), bench.call(request, block));
  }

  @Test
  void aTailThatCannotBeReadIsAFaultUnlessSomethingUnknownComesFirst() {
    long page = bench.pages(1);
    long at = page + PAGE - 16;
    MemorySegment block = bench.block(16);
    iommu_destroy.size(block, 8 + PAGE);
    bench.memory.copyOut(at, block);
    // Behind the page lies memory that nobody handed out, or somebody else's.
    int answer = bench.call(iommufd_h.IOMMU_DESTROY(), at);
    assertNotEquals(0, answer);
    block.set(ValueLayout.JAVA_BYTE, 15, (byte) 1);
    bench.memory.copyOut(at, block);
    refused(Errno.E2BIG, bench.call(iommufd_h.IOMMU_DESTROY(), at));
  }

  @Test
  void unknownRequests() {
    MemorySegment block = bench.block(64);
    refused(Errno.ENOTTY, bench.call(request(0x7f), block));
    refused(Errno.ENOTTY, bench.call(request(0x96), block));
    refused(Errno.ENOTTY, bench.call(request(0xa1), block));
    refused(Errno.ENOTTY, bench.call(request(0x80) | 1 << 30, block));
    refused(Errno.ENOTTY, bench.call(request(0x80) ^ 0x100, block));
    refused(Errno.ENOTTY, bench.call(0, block));
  }

  @Test
  void aBadAddressIsAFaultBeforeAnythingElse() {
    for (long address : new long[] {0, 8, -8, Long.MIN_VALUE, Long.MAX_VALUE - 3}) {
      refused(Errno.EFAULT, bench.call(iommufd_h.IOMMU_DESTROY(), address));
      refused(Errno.EFAULT, bench.call(request(0x80) | 1 << 30, address));
      refused(Errno.EFAULT, bench.call(request(0x9f), address));
    }
    refused(Errno.ENOTTY, bench.call(request(0xa1), 0));
  }
}
