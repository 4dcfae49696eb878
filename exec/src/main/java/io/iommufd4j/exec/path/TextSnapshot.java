// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.path;

import io.iommufd4j.exec.view.Found;
import io.iommufd4j.sim.fs.OpenFile;
import java.lang.foreign.MemorySegment;

/** An open text of {@code /proc} that the host and the simulated kernel wrote together. */
final class TextSnapshot implements OpenFile {

  private final Found.Attribute attribute;
  private byte[] text = new byte[0];

  TextSnapshot(Found.Attribute attribute) {
    this.attribute = attribute;
  }

  @Override
  public synchronized long pread(MemorySegment buffer, long offset) {
    if (offset == 0) {
      text = attribute.content();
    }
    long count = Math.clamp(text.length - offset, 0, buffer.byteSize());
    if (count > 0) {
      MemorySegment.copy(MemorySegment.ofArray(text), offset, buffer, 0, count);
    }
    return count;
  }
}
