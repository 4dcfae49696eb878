// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.path;

import io.iommufd4j.exec.view.FileFacts;
import io.iommufd4j.exec.view.MachineFiles;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The structures by which system calls tell of a file, laid out as {@code asm/stat.h}, {@code
 * linux/stat.h} and {@code asm/statfs.h} of this machine's architecture say. All of them begin
 * zeroed.
 */
public final class StatStructs {

  private static final boolean ARM64 = System.getProperty("os.arch", "").equals("aarch64");

  /** Bytes of {@code struct stat}. */
  public static final int STAT_BYTES = ARM64 ? 128 : 144;

  /** Bytes of {@code struct statx}. */
  public static final int STATX_BYTES = 256;

  /** Bytes of {@code struct statfs}. */
  public static final int STATFS_BYTES = 120;

  /** {@code STATX_BASIC_STATS}. */
  private static final int BASIC_STATS = 0x7ff;

  private static final long NANOS = 1_000_000_000;

  private static final int LONGEST_NAME = 255;

  /** {@code ST_VALID | ST_NOSUID | ST_NOEXEC | ST_RELATIME}. */
  private static final long MOUNT_FLAGS = 0x20 | 0x02 | 0x08 | 0x1000;

  private StatStructs() {}

  /** Fills a {@code struct stat}. */
  public static void stat(FileFacts facts, MemorySegment stat) {
    stat.set(ValueLayout.JAVA_LONG, 0, facts.device());
    stat.set(ValueLayout.JAVA_LONG, 8, facts.inode());
    if (ARM64) {
      stat.set(ValueLayout.JAVA_INT, 16, facts.mode());
      stat.set(ValueLayout.JAVA_INT, 20, facts.links());
      stat.set(ValueLayout.JAVA_LONG, 32, facts.special());
      stat.set(ValueLayout.JAVA_LONG, 48, facts.bytes());
      stat.set(ValueLayout.JAVA_INT, 56, facts.blockBytes());
    } else {
      stat.set(ValueLayout.JAVA_LONG, 16, facts.links());
      stat.set(ValueLayout.JAVA_INT, 24, facts.mode());
      stat.set(ValueLayout.JAVA_LONG, 40, facts.special());
      stat.set(ValueLayout.JAVA_LONG, 48, facts.bytes());
      stat.set(ValueLayout.JAVA_LONG, 56, facts.blockBytes());
    }
    stat.set(ValueLayout.JAVA_LONG, 64, 0); // Nothing of it is on a disk.
    for (int stamp = 72; stamp < 120; stamp += 16) {
      stat.set(ValueLayout.JAVA_LONG, stamp, facts.modifiedNanos() / NANOS);
      stat.set(ValueLayout.JAVA_LONG, stamp + 8L, facts.modifiedNanos() % NANOS);
    }
  }

  /** Fills a {@code struct statx} with what the older call knows. */
  public static void statx(FileFacts facts, MemorySegment statx) {
    statx.set(ValueLayout.JAVA_INT, 0, BASIC_STATS);
    statx.set(ValueLayout.JAVA_INT, 4, facts.blockBytes());
    statx.set(ValueLayout.JAVA_INT, 16, facts.links());
    statx.set(ValueLayout.JAVA_SHORT, 28, (short) facts.mode());
    statx.set(ValueLayout.JAVA_LONG, 32, facts.inode());
    statx.set(ValueLayout.JAVA_LONG, 40, facts.bytes());
    for (int stamp : new int[] {64, 96, 112}) {
      statx.set(ValueLayout.JAVA_LONG, stamp, facts.modifiedNanos() / NANOS);
      statx.set(ValueLayout.JAVA_INT, stamp + 8L, (int) (facts.modifiedNanos() % NANOS));
    }
    statx.set(ValueLayout.JAVA_INT, 128, major(facts.special()));
    statx.set(ValueLayout.JAVA_INT, 132, minor(facts.special()));
    statx.set(ValueLayout.JAVA_INT, 136, major(facts.device()));
    statx.set(ValueLayout.JAVA_INT, 140, minor(facts.device()));
  }

  /** {@code major(3)}. */
  private static int major(long device) {
    return (int) ((device >>> 8 & 0xfff) | (device >>> 32 & ~0xfff));
  }

  /** {@code minor(3)}. */
  private static int minor(long device) {
    return (int) ((device & 0xff) | (device >>> 12 & ~0xff));
  }

  /**
   * Fills a {@code struct statfs}: a file system without blocks.
   *
   * @param path of a simulated file, absolute and without links
   */
  public static void statfs(String path, MemorySegment statfs) {
    statfs.set(ValueLayout.JAVA_LONG, 0, magic(path));
    statfs.set(ValueLayout.JAVA_LONG, 8, FileFacts.BLOCK);
    statfs.set(ValueLayout.JAVA_LONG, 64, LONGEST_NAME);
    statfs.set(ValueLayout.JAVA_LONG, 72, FileFacts.BLOCK);
    statfs.set(ValueLayout.JAVA_LONG, 80, MOUNT_FLAGS);
  }

  /** The number of the kind of file system that a path lies in ({@code linux/magic.h}). */
  private static long magic(String path) {
    return switch (MachineFiles.mount(path)) {
      case "/sys" -> 0x62656572L;
      case "/proc" -> 0x9fa0L;
      case "/dev" -> 0x01021994L;
      default -> 0x64626720L;
    };
  }
}
