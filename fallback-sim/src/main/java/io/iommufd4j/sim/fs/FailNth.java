// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.fs;

import io.iommufd4j.sim.lib.FaultPlan;
import io.iommufd4j.sim.lib.KernelText;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/**
 * {@code /proc/PID/task/TID/fail-nth}, open: a number written arms the thread, a read tells how far
 * it is from its failure. The number is read as {@code kstrtouint} does with any base.
 */
final class FailNth extends TextFile {

  /** Longer text is cut there, as the kernel's buffer holds no more. */
  private static final int LONGEST = Integer.SIZE + 2;

  private final FaultPlan faults;
  private final Object thread;

  FailNth(FaultPlan faults, Object thread) {
    this.faults = faults;
    this.thread = thread;
  }

  @Override
  byte[] text(long offset) {
    String left = Integer.toUnsignedString(faults.left(thread)) + '\n';
    return left.getBytes(StandardCharsets.US_ASCII);
  }

  /** EINVAL for what is no number, ERANGE for one of more than 32 bits. */
  @Override
  public long write(MemorySegment buffer) {
    long taken = Math.min(buffer.byteSize(), LONGEST);
    byte[] bytes = buffer.asSlice(0, taken).toArray(ValueLayout.JAVA_BYTE);
    faults.arm(thread, KernelText.number(new String(bytes, StandardCharsets.ISO_8859_1)));
    return buffer.byteSize();
  }

  @Override
  public long pwrite(MemorySegment buffer, long offset) {
    return write(buffer);
  }
}
