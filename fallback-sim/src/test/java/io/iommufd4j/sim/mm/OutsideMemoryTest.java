// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.mm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.FaultPlan;
import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Copies from a process that has one page, and nothing behind it. */
class OutsideMemoryTest {

  private static final long PAGE = 0x7000;

  /** The page's bytes are the lower ones of their addresses. */
  private static final class OnePage implements OutsideMemory.Host {
    int reads;

    @Override
    public boolean alive() {
      return true;
    }

    @Override
    public boolean read(long address, MemorySegment into) {
      reads++;
      if (address < PAGE || address + into.byteSize() > PAGE + UserMemory.PAGE_SIZE) {
        return false;
      }
      MemorySegment.copy(
          MemorySegment.ofArray(expected(address, into.byteSize())), 0, into, 0, into.byteSize());
      return true;
    }

    static byte[] expected(long address, long bytes) {
      var all = new byte[(int) bytes];
      for (int i = 0; i < all.length; i++) {
        all[i] = (byte) (address + i);
      }
      return all;
    }

    @Override
    public boolean write(long address, MemorySegment from) {
      return false;
    }

    @Override
    public boolean force(long address, MemorySegment segment, boolean write) {
      return false;
    }

    @Override
    public List<OutsideMemory.Stretch> mapped(long address, long end) {
      return List.of(
          new OutsideMemory.Stretch(
              PAGE, PAGE + UserMemory.PAGE_SIZE, true, false, null, 0, /* registers= */ -1));
    }
  }

  private final OnePage host = new OnePage();
  private final ProcessMemory machine = ProcessMemory.withoutHost();
  private final OutsideMemory memory =
      new OutsideMemory(host, new FaultPlan(), machine, new OutsidePins());

  @Test
  void whatFollowsComesAlongUpToTheEndOfThePage() {
    var block = new byte[32];
    assertEquals(32, memory.copyInAhead(PAGE + 8, MemorySegment.ofArray(block), 4));
    assertArrayEquals(OnePage.expected(PAGE + 8, 32), block);

    Arrays.fill(block, (byte) 0);
    long last = PAGE + UserMemory.PAGE_SIZE - 4;
    assertEquals(4, memory.copyInAhead(last, MemorySegment.ofArray(block), 4));
    assertArrayEquals(Arrays.copyOf(OnePage.expected(last, 4), 32), block);
    assertEquals(2, host.reads, "each in one copy");
  }

  @Test
  void whatIsNeededMayNotLieBehindThePage() {
    long beyond = PAGE + UserMemory.PAGE_SIZE - 2;
    MemorySegment block = MemorySegment.ofArray(new byte[32]);
    Refused refused = assertThrows(Refused.class, () -> memory.copyInAhead(beyond, block, 4));
    assertEquals(Errno.EFAULT, refused.errno());
  }
}
