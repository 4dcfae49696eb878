package io.iommufd4j.sim.fs;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;

/** A file of {@code /proc} that is only read: what a program reads in pieces is of one moment. */
final class ShownText implements OpenFile {

  private final Supplier<String> show;
  private byte[] shown = new byte[0];
  private long position;

  ShownText(Supplier<String> show) {
    this.show = show;
  }

  @Override
  public synchronized long read(MemorySegment buffer) {
    long count = pread(buffer, position);
    position += count;
    return count;
  }

  @Override
  public synchronized long pread(MemorySegment buffer, long offset) {
    if (offset == 0) {
      shown = show.get().getBytes(StandardCharsets.US_ASCII);
    }
    long count = Math.clamp(shown.length - offset, 0, buffer.byteSize());
    if (count > 0) {
      MemorySegment.copy(MemorySegment.ofArray(shown), offset, buffer, 0, count);
    }
    return count;
  }
}
