// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.path;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.iommufd4j.exec.view.FileFacts;
import io.iommufd4j.linux.SystemCall;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The structs beside those that the host's own kernel fills of {@code /sys} and a node. */
class StatStructsTest {

  private static final int WORKING_DIRECTORY = -100;

  private final Arena arena = Arena.ofAuto();

  @BeforeEach
  void asksLinux() {
    assumeTrue(System.getProperty("os.name").equals("Linux"), "this is no Linux");
  }

  private static long number(String path, String name) throws IOException {
    return ((Number) Files.getAttribute(Path.of(path), "unix:" + name)).longValue();
  }

  private static FileFacts facts(String path) throws IOException {
    return new FileFacts(
        number(path, "dev"),
        number(path, "ino"),
        (int) number(path, "mode"),
        (int) number(path, "nlink"),
        number(path, "rdev"),
        number(path, "size"),
        4096,
        Files.getLastModifiedTime(Path.of(path)).to(TimeUnit.NANOSECONDS));
  }

  @Test
  void statIsLaidOutAsTheHostsIs() throws IOException {
    for (String path : new String[] {"/sys", "/dev/null"}) {
      MemorySegment host = arena.allocate(StatStructs.STAT_BYTES, 8);
      assertEquals(
          0,
          SystemCall.NEWFSTATAT.call(
              WORKING_DIRECTORY, arena.allocateFrom(path).address(), host.address(), 0));
      MemorySegment own = arena.allocate(StatStructs.STAT_BYTES, 8);
      StatStructs.stat(facts(path), own);
      // Times of the last read and of the last change are others' than the last write's.
      clear(host, 72, 88);
      clear(own, 72, 88);
      clear(host, 104, 120);
      clear(own, 104, 120);
      assertArrayEquals(
          host.toArray(ValueLayout.JAVA_BYTE), own.toArray(ValueLayout.JAVA_BYTE), path);
    }
  }

  @Test
  void statxIsLaidOutAsTheHostsIs() throws IOException {
    for (String path : new String[] {"/sys", "/dev/null"}) {
      MemorySegment host = arena.allocate(StatStructs.STATX_BYTES, 8);
      assertEquals(
          0,
          SystemCall.STATX.call(
              WORKING_DIRECTORY, arena.allocateFrom(path).address(), 0, 0x7ff, host.address()));
      MemorySegment own = arena.allocate(StatStructs.STATX_BYTES, 8);
      StatStructs.statx(facts(path), own);
      // The mask and what is not asked for: attributes, other times, the mount.
      for (MemorySegment struct : new MemorySegment[] {host, own}) {
        clear(struct, 0, 4);
        clear(struct, 8, 16);
        clear(struct, 56, 112);
        clear(struct, 144, StatStructs.STATX_BYTES);
      }
      assertArrayEquals(
          host.toArray(ValueLayout.JAVA_BYTE), own.toArray(ValueLayout.JAVA_BYTE), path);
    }
  }

  private static void clear(MemorySegment struct, long from, long to) {
    struct.asSlice(from, to - from).fill((byte) 0);
  }

  @Test
  void statfsTellsTheKindOfFileSystem() {
    MemorySegment host = arena.allocate(StatStructs.STATFS_BYTES, 8);
    assertEquals(0, SystemCall.STATFS.call(arena.allocateFrom("/sys").address(), host.address()));
    MemorySegment own = arena.allocate(StatStructs.STATFS_BYTES, 8);
    StatStructs.statfs("/sys/bus/pci", own);
    for (int field : new int[] {0, 8, 64, 72}) {
      assertEquals(host.get(ValueLayout.JAVA_LONG, field), own.get(ValueLayout.JAVA_LONG, field));
    }
  }
}
