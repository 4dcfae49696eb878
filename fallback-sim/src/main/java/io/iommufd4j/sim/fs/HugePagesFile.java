// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.fs;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.HugePages;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/** {@code /proc/sys/vm/nr_hugepages}: how many huge pages the pool has, and its resizing. */
public final class HugePagesFile extends TextFile {

  /** The path of the file. */
  public static final String PATH = "/proc/sys/vm/nr_hugepages";

  private final HugePages pool;

  /** The file of a pool. */
  public HugePagesFile(HugePages pool) {
    this.pool = pool;
  }

  @Override
  byte[] text(long offset) {
    return (pool.size() + "\n").getBytes(StandardCharsets.US_ASCII);
  }

  @Override
  public long write(MemorySegment buffer) {
    byte[] bytes = buffer.toArray(ValueLayout.JAVA_BYTE);
    try {
      long pages = Long.parseLong(new String(bytes, StandardCharsets.ISO_8859_1).strip());
      pool.resize(Math.max(0, pages));
    } catch (NumberFormatException e) {
      throw Refused.with(Errno.EINVAL);
    }
    return bytes.length;
  }

  @Override
  public long pwrite(MemorySegment buffer, long offset) {
    return write(buffer);
  }
}
