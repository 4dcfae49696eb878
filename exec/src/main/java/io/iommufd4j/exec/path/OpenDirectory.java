// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.path;

import io.iommufd4j.exec.view.DirectoryEntry;
import io.iommufd4j.exec.view.Found;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.fs.OpenFile;
import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * An open directory: what was in it when it was last read from its start. Its position is the
 * host's, that of what stands in for it.
 */
public final class OpenDirectory implements OpenFile {

  /** Of {@code struct linux_dirent64}: number, offset, length, type; then the name. */
  private static final int NAME_AT = 19;

  /** Of {@code struct linux_dirent}, whose type lies in the last byte. */
  private static final int OLD_NAME_AT = 18;

  private final Found.Directory directory;
  private List<DirectoryEntry> entries;

  /** A directory that was just opened. */
  public OpenDirectory(Found.Directory directory) {
    this.directory = directory;
    entries = directory.entries();
  }

  /** {@return the directory} */
  public Found.Directory directory() {
    return directory;
  }

  @Override
  public long read(MemorySegment buffer) {
    throw Refused.with(Errno.EISDIR);
  }

  @Override
  public long pread(MemorySegment buffer, long offset) {
    throw Refused.with(Errno.EISDIR);
  }

  /**
   * Entries from a position on.
   *
   * @param filled their bytes; 0 at the end
   * @param next the position behind them
   */
  public record Filled(int filled, long next) {}

  /**
   * {@code getdents64(2)} and {@code getdents(2)}. What is in the directory is looked up at its
   * start.
   *
   * @param position number of the first entry
   * @param wide true for the former
   * @throws Refused EINVAL when there is no room for one entry
   */
  public synchronized Filled fill(MemorySegment buffer, long position, boolean wide) {
    if (position == 0) {
      entries = directory.entries();
    }
    int filled = 0;
    long next = position;
    while (next >= 0 && next < entries.size()) {
      DirectoryEntry entry = entries.get((int) next);
      byte[] name = entry.name().getBytes(StandardCharsets.UTF_8);
      int bytes = ((wide ? NAME_AT + 1 : OLD_NAME_AT + 2) + name.length + 7) & ~7;
      if (filled + bytes > buffer.byteSize()) {
        if (filled == 0) {
          throw Refused.with(Errno.EINVAL);
        }
        break;
      }
      MemorySegment one = buffer.asSlice(filled, bytes).fill((byte) 0);
      one.set(ValueLayout.JAVA_LONG_UNALIGNED, 0, entry.inode());
      one.set(ValueLayout.JAVA_LONG_UNALIGNED, 8, ++next);
      one.set(ValueLayout.JAVA_SHORT_UNALIGNED, 16, (short) bytes);
      one.set(ValueLayout.JAVA_BYTE, wide ? OLD_NAME_AT : bytes - 1L, (byte) entry.type());
      MemorySegment.copy(
          name, 0, one, ValueLayout.JAVA_BYTE, wide ? NAME_AT : OLD_NAME_AT, name.length);
      filled += bytes;
    }
    return new Filled(filled, next);
  }
}
