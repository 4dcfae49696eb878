// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.path;

import io.iommufd4j.exec.view.Found;
import io.iommufd4j.sim.fs.OpenFile;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** An open text of {@code /proc} that the host and the simulated kernel wrote together. */
final class TextSnapshot implements OpenFile {

  private final Found.Attribute attribute;
  private byte @Nullable [] text;

  TextSnapshot(Found.Attribute attribute) {
    this.attribute = attribute;
  }

  @Override
  public synchronized long pread(MemorySegment buffer, long offset) {
    byte[] now = text;
    if (offset == 0 || now == null) {
      now = attribute.content();
      text = now;
    }
    long count = Math.clamp(now.length - offset, 0, buffer.byteSize());
    if (count > 0) {
      MemorySegment.copy(MemorySegment.ofArray(now), offset, buffer, 0, count);
    }
    return count;
  }
}
