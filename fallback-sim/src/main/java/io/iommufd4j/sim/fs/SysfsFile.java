// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.fs;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.kernfs.Kernfs;
import io.iommufd4j.sim.kernfs.KernfsFile;
import io.iommufd4j.sim.kernfs.Store;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.UserMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** An open attribute. Each write is one store, wherever the position is. */
final class SysfsFile extends TextFile {

  private final Kernfs tree;
  private final KernfsFile file;
  private byte @Nullable [] shown;

  /** An attribute that nobody has read yet. */
  SysfsFile(Kernfs tree, KernfsFile file) {
    this.tree = tree;
    this.file = file;
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
    byte[] bytes = tree.has(file) ? file.bytes() : null;
    if (bytes == null) {
      throw Refused.with(Errno.ENODEV);
    }
    return bytes;
  }

  @Override
  public long write(MemorySegment buffer) {
    Store store = file.store();
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
