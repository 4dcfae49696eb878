// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.path;

import io.iommufd4j.exec.view.Found;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.fs.OpenFile;
import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.MemorySegment;

/**
 * An open attribute. A text is of the moment of the first read, until a program reads from the
 * start again.
 */
public final class OpenAttribute implements OpenFile, Positioned {

  private final Found.Attribute attribute;
  private final OpenFile file;
  private final Runnable released;
  private long position;

  /**
   * An attribute at its start.
   *
   * @param file the kernel's open file; its own position is not used
   * @param released gives that back
   */
  public OpenAttribute(Found.Attribute attribute, OpenFile file, Runnable released) {
    this.attribute = attribute;
    this.file = file;
    this.released = released;
  }

  /** {@return the attribute} */
  public Found.Attribute attribute() {
    return attribute;
  }

  @Override
  public synchronized long read(MemorySegment buffer) {
    long count = file.pread(buffer, position);
    position += count;
    return count;
  }

  @Override
  public long pread(MemorySegment buffer, long offset) {
    return file.pread(buffer, offset);
  }

  @Override
  public synchronized long write(MemorySegment buffer) {
    long count = file.write(buffer);
    position += count;
    return count;
  }

  @Override
  public long pwrite(MemorySegment buffer, long offset) {
    return file.pwrite(buffer, offset);
  }

  @Override
  public synchronized long seek(long offset, int whence) {
    long from =
        switch (whence) {
          case 0 -> 0;
          case CURRENT -> position;
          case END -> attribute.facts().bytes();
          default -> throw Refused.with(Errno.EINVAL);
        };
    if (from + offset < 0) {
      throw Refused.with(Errno.EINVAL);
    }
    position = from + offset;
    return position;
  }

  @Override
  public void release() {
    released.run();
  }
}
