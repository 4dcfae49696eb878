// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.kernel.Errno;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** The calls on the way of every map, unmap and replace leave nothing behind on the Java heap. */
@EnabledOnOs(OS.LINUX)
class HotCallAllocationTest {

  private static final int CALLS = 20_000;

  /** Until compiled, the linker's own code allocates; when the compiler gets to it is not ours. */
  private static final int ROUNDS = 200;

  private final NativeKernel kernel = new NativeKernel();
  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  @Test
  void ioctlAndTransfersAllocateNothing() {
    int memory = kernel.memfd("hot", libc_h.MFD_CLOEXEC());
    try (var arena = Arena.ofShared()) {
      assertEquals(0, kernel.ftruncate(memory, 4096));
      var block = arena.allocate(64);
      long allocated = Long.MAX_VALUE;
      for (int round = 0; round < ROUNDS && allocated >= CALLS; round++) {
        long before = threads.getCurrentThreadAllocatedBytes();
        int wrong = callAll(memory, block, CALLS);
        allocated = threads.getCurrentThreadAllocatedBytes() - before;
        assertEquals(0, wrong);
      }
      long least = allocated;
      assertTrue(least < CALLS, () -> least + " bytes allocated in " + CALLS + " rounds of calls");
    } finally {
      assertEquals(0, kernel.close(memory));
    }
  }

  /** Makes the calls, and returns how many gave an unexpected result. */
  private int callAll(int memory, MemorySegment block, int times) {
    int wrong = 0;
    for (int i = 0; i < times; i++) {
      if (kernel.ioctl(memory, iommufd_h.IOMMU_IOAS_MAP(), block) != Errno.ENOTTY.negated()) {
        wrong++;
      }
      if (kernel.pwrite(memory, block, i & 0xf) != block.byteSize()) {
        wrong++;
      }
      if (kernel.pread(memory, block, i & 0xf) != block.byteSize()) {
        wrong++;
      }
    }
    return wrong;
  }
}
