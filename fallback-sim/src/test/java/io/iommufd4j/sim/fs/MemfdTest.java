// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.fs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.FaultPlan;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.ProcessMemory;
import io.iommufd4j.sim.mm.UserMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class MemfdTest {

  private static final int PAGE = UserMemory.PAGE_SIZE;
  private static final int READ_WRITE = libc_h.PROT_READ() | libc_h.PROT_WRITE();

  private final ProcessMemory memory = new ProcessMemory(new FaultPlan());
  private final Memfd file = new Memfd(memory, "test", 0);

  @AfterEach
  void close() {
    file.release();
    memory.close();
  }

  private static void refused(Errno errno, Executable what) {
    assertEquals(errno.name(), assertThrows(Refused.class, what).errno().name());
  }

  private static MemorySegment text(String text) {
    return MemorySegment.ofArray(text.getBytes(StandardCharsets.US_ASCII));
  }

  private String at(long offset, int bytes) {
    var buffer = new byte[bytes];
    int count = (int) file.pread(MemorySegment.ofArray(buffer), offset);
    return new String(buffer, 0, count, StandardCharsets.US_ASCII);
  }

  @Test
  void readsAndWritesMoveThePosition() {
    assertEquals(0, file.read(text("....")));
    assertEquals(5, file.write(text("hello")));
    assertEquals(0, file.read(text("....")));
    assertEquals("llo", at(2, 8));
    assertEquals("", at(100, 8));
    assertEquals(1, file.pwrite(text("!"), 7));
    assertEquals("hello\0\0!", at(0, 99));
    refused(Errno.EFBIG, () -> file.pwrite(text("x"), Long.MAX_VALUE));
  }

  @Test
  void mappingsShareWhatTheyShow() {
    file.truncate(2 * PAGE);
    var one = file.mmap(2 * PAGE, READ_WRITE, libc_h.MAP_SHARED(), 0);
    var two = file.mmap(PAGE, READ_WRITE, libc_h.MAP_SHARED(), PAGE);
    var own = file.mmap(PAGE, READ_WRITE, libc_h.MAP_PRIVATE(), PAGE);
    one.set(ValueLayout.JAVA_BYTE, PAGE, (byte) 'x');
    assertEquals('x', two.get(ValueLayout.JAVA_BYTE, 0));
    assertEquals("x", at(PAGE, 1));
    own.set(ValueLayout.JAVA_BYTE, 0, (byte) 'y');
    assertEquals("x", at(PAGE, 1));
    file.unmapped(one);
    file.unmapped(two);
    file.unmapped(own);
    assertFalse(one.scope().isAlive());
  }

  @Test
  void whatIsCutOffComesBackAsZero() {
    file.pwrite(text("abc"), 0);
    file.truncate(1);
    file.truncate(3);
    assertEquals("a\0\0", at(0, 3));
    var mapping = file.mmap(PAGE, READ_WRITE, libc_h.MAP_SHARED(), 0);
    file.truncate(0);
    assertEquals(0, mapping.get(ValueLayout.JAVA_BYTE, 0));
    file.truncate(1L << 62);
    assertEquals("\0", at(1L << 61, 1));
    file.unmapped(mapping);
  }

  @Test
  void pinnedPagesAreTheFilesOwn() {
    file.truncate(4 * PAGE);
    file.pwrite(text("dma"), PAGE);
    long physical = file.pin(PAGE, 2);
    var seen = text("...");
    assertTrue(memory.readPhysical(physical, seen));
    assertEquals(-1, seen.mismatch(text("dma")));
    assertTrue(memory.writePhysical(physical + PAGE, text("device")));
    assertEquals("device", at(2 * PAGE, 6));
    refused(Errno.EFAULT, () -> memory.copyIn(physical, seen));
    file.unpin(physical, 1);
    assertTrue(memory.readPhysical(physical + PAGE, seen), "the other page is still pinned");
    file.unpin(physical + PAGE, 1);
    assertFalse(memory.readPhysical(physical, seen));
  }

  @Test
  void pagesPastTheEndAreNotPinned() {
    file.truncate(2 * PAGE - 1);
    refused(Errno.EINVAL, () -> file.pin(0, 2));
    refused(Errno.EINVAL, () -> file.pin(PAGE, 1));
    refused(Errno.EINVAL, () -> file.pin(8 * PAGE, 1));
    refused(Errno.EINVAL, () -> file.pin(0, 0));
    file.unpin(file.pin(0, 1), 1);
  }

  @Test
  void flagsAndNameAreChecked() {
    refused(Errno.EINVAL, () -> new Memfd(memory, "x", 0x100));
    refused(Errno.EINVAL, () -> new Memfd(memory, "x", 0x18));
    refused(Errno.EINVAL, () -> new Memfd(memory, "x".repeat(250), 0));
    new Memfd(memory, "x".repeat(249), libc_h.MFD_CLOEXEC()).release();
  }
}
