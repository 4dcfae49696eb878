// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@EnabledOnOs(OS.LINUX)
class OwnMemoryTest {

  private static final int PAGE = 4096;
  private static final int READ_WRITE = 3;
  private static final int PRIVATE_ANONYMOUS = 0x22;

  private static MemorySegment bytes(int value) {
    return MemorySegment.ofArray(new byte[] {(byte) value});
  }

  @Test
  void memoryIsReadAndWrittenUntilItIsClosed() {
    var memory = OwnMemory.open().orElseThrow();
    try (var arena = Arena.ofConfined()) {
      MemorySegment page = arena.allocate(PAGE, PAGE);
      assertTrue(memory.write(page.address() + 7, bytes(5)));
      assertEquals(5, page.get(ValueLayout.JAVA_BYTE, 7));
      MemorySegment read = bytes(0);
      assertTrue(memory.read(page.address() + 7, read));
      assertEquals(5, read.get(ValueLayout.JAVA_BYTE, 0));
      assertTrue(memory.populate(page.address(), 1, true));
      memory.close();
      assertFalse(memory.write(page.address(), bytes(5)));
      assertFalse(memory.read(page.address(), read));
      assertFalse(memory.populate(page.address(), 1, true));
      memory.close();
    }
  }

  /** Its own mapping takes the first place that is free, which may be where the pages were. */
  @Test
  void pagesThatWereUnmappedBeforeItOpenedAreGone() {
    long size = 8L << 20;
    long address = HostFile.map(size, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0);
    assertTrue(address > 0);
    assertEquals(0, SystemCall.MUNMAP.call(address, size));
    try (var memory = OwnMemory.open().orElseThrow()) {
      for (long at = address; at < address + size; at += PAGE) {
        assertFalse(memory.read(at, bytes(0)));
        assertFalse(memory.write(at, bytes(0)));
        assertFalse(memory.populate(at, 1, false));
      }
    }
  }
}
