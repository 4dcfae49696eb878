// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.call;

import io.iommufd4j.exec.view.DirectoryEntry;
import io.iommufd4j.exec.view.Found;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.fs.OpenFile;
import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** An open directory: what is in it when it is first read, or read again from the start. */
final class SimulatedDirectory implements OpenFile {

  private static final int NAME64_AT = 19;
  private static final int NAME_AT = 18;
  private static final int SEEK_SET = 0;
  private static final int SEEK_CUR = 1;

  private final Found.Directory directory;
  private List<DirectoryEntry> entries = List.of();
  private long position;

  SimulatedDirectory(Found.Directory directory) {
    this.directory = directory;
  }

  Found.Directory directory() {
    return directory;
  }

  /**
   * {@code getdents64(2)}, or the older call of the same purpose.
   *
   * @param room bytes that the caller has
   * @return the records, none at the end
   * @throws Refused EINVAL when there is no room for the next
   */
  synchronized MemorySegment read(long room, boolean old) {
    if (position == 0) {
      entries = directory.entries();
    }
    MemorySegment records = MemorySegment.ofArray(new byte[(int) Math.min(room, 1 << 15)]);
    long used = 0;
    while (position < entries.size()) {
      DirectoryEntry entry = entries.get((int) position);
      byte[] name = entry.name().getBytes(StandardCharsets.UTF_8);
      // The old record ends with the type, behind the name's end.
      int bytes = ((old ? NAME_AT + 1 : NAME64_AT) + name.length + 1 + 7) & -8;
      if (used + bytes > records.byteSize()) {
        if (used == 0) {
          throw Refused.with(Errno.EINVAL);
        }
        break;
      }
      position++;
      MemorySegment record = records.asSlice(used, bytes);
      record.set(ValueLayout.JAVA_LONG_UNALIGNED, 0, entry.inode());
      record.set(ValueLayout.JAVA_LONG_UNALIGNED, 8, position);
      record.set(ValueLayout.JAVA_SHORT_UNALIGNED, 16, (short) bytes);
      record.set(ValueLayout.JAVA_BYTE, old ? bytes - 1 : NAME_AT, (byte) entry.type());
      int at = old ? NAME_AT : NAME64_AT;
      MemorySegment.copy(name, 0, record, ValueLayout.JAVA_BYTE, at, name.length);
      used += bytes;
    }
    return records.asSlice(0, used);
  }

  /** {@code lseek(2)}. */
  synchronized long seek(long offset, int whence) {
    long to =
        switch (whence) {
          case SEEK_SET -> offset;
          case SEEK_CUR -> position + offset;
          default -> -1;
        };
    if (to < 0) {
      throw Refused.with(Errno.EINVAL);
    }
    position = to;
    return to;
  }

  @Override
  public long read(MemorySegment buffer) {
    throw Refused.with(Errno.EISDIR);
  }
}
