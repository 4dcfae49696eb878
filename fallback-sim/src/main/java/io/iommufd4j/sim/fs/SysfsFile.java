// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.fs;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.UserMemory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** An open attribute. Each write is one store, wherever the position is. */
final class SysfsFile extends TextFile {

  private final Path file;
  private final @Nullable Supplier<byte[]> live;
  private final Sysfs.@Nullable Store store;
  private byte @Nullable [] shown;

  /**
   * An attribute that nobody has read yet.
   *
   * @param live its content; null when that lies in the tree
   * @param store null when nobody can write to it
   */
  SysfsFile(Path file, @Nullable Supplier<byte[]> live, Sysfs.@Nullable Store store) {
    this.file = file;
    this.live = live;
    this.store = store;
  }

  @Override
  byte[] text(long offset) {
    byte[] now = shown;
    if (offset == 0 || now == null) {
      now = read();
      shown = now;
    }
    return now;
  }

  /**
   * Reads the attribute. A program that reads in pieces gets the text of its first read throughout.
   */
  private byte[] read() {
    try {
      return live == null ? Files.readAllBytes(file) : live.get();
    } catch (IOException e) {
      throw Refused.with(Errno.ENODEV);
    }
  }

  @Override
  public long write(MemorySegment buffer) {
    if (store == null) {
      throw Refused.with(Errno.EIO);
    }
    long count = Math.min(buffer.byteSize(), UserMemory.PAGE_SIZE);
    if (count == 0) {
      return 0;
    }
    byte[] bytes = buffer.asSlice(0, count).toArray(ValueLayout.JAVA_BYTE);
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    store.store(text.endsWith("\n") ? text.substring(0, text.length() - 1) : text);
    return count;
  }

  @Override
  public long pwrite(MemorySegment buffer, long offset) {
    return write(buffer);
  }
}
