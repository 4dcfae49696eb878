// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.call;

import io.iommufd4j.exec.view.FileFacts;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The blocks that the calls of {@code stat(2)} and {@code statx(2)} hand out. */
final class StatBlock {

  /** {@code sizeof(struct stat)}, the largest there is. */
  static final int STAT_BYTES = 144;

  /** {@code sizeof(struct statx)}. */
  static final int STATX_BYTES = 256;

  /** {@code STATX_BASIC_STATS}. */
  private static final int BASIC = 0x7ff;

  private static final long SECOND = 1_000_000_000;

  private static final boolean ARM64 = System.getProperty("os.arch", "").equals("aarch64");

  private StatBlock() {}

  /** {@code struct stat}. */
  static MemorySegment stat(FileFacts facts) {
    MemorySegment block = MemorySegment.ofArray(new byte[ARM64 ? 128 : STAT_BYTES]);
    set64(block, 0, facts.device());
    set64(block, 8, facts.inode());
    if (ARM64) {
      set32(block, 16, facts.mode());
      set32(block, 20, facts.links());
      set64(block, 32, facts.special());
      set32(block, 56, facts.blockBytes());
    } else {
      set64(block, 16, facts.links());
      set32(block, 24, facts.mode());
      set64(block, 40, facts.special());
      set64(block, 56, facts.blockBytes());
    }
    set64(block, 48, facts.bytes());
    for (int at = 72; at <= 104; at += 16) {
      set64(block, at, facts.modifiedNanos() / SECOND);
      set64(block, at + 8, facts.modifiedNanos() % SECOND);
    }
    return block;
  }

  /** {@code struct statx}. */
  static MemorySegment statx(FileFacts facts) {
    MemorySegment block = MemorySegment.ofArray(new byte[STATX_BYTES]);
    set32(block, 0, BASIC);
    set32(block, 4, facts.blockBytes());
    set32(block, 16, facts.links());
    block.set(ValueLayout.JAVA_SHORT_UNALIGNED, 28, (short) facts.mode());
    set64(block, 32, facts.inode());
    set64(block, 40, facts.bytes());
    for (int at : new int[] {64, 96, 112}) {
      set64(block, at, facts.modifiedNanos() / SECOND);
      set32(block, at + 8, (int) (facts.modifiedNanos() % SECOND));
    }
    device(block, 128, facts.special());
    device(block, 136, facts.device());
    return block;
  }

  /** {@code major(3)} and {@code minor(3)}. */
  private static void device(MemorySegment block, int at, long number) {
    set32(block, at, (int) ((number >>> 8 & 0xfff) | (number >>> 32 & ~0xfffL)));
    set32(block, at + 4, (int) ((number & 0xff) | (number >>> 12 & ~0xffL)));
  }

  private static void set32(MemorySegment block, int at, int value) {
    block.set(ValueLayout.JAVA_INT_UNALIGNED, at, value);
  }

  private static void set64(MemorySegment block, int at, long value) {
    block.set(ValueLayout.JAVA_LONG_UNALIGNED, at, value);
  }
}
