package io.iommufd4j.sim.fs;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.FaultPlan;
import io.iommufd4j.sim.lib.Refused;
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
  private final Thread thread;

  FailNth(FaultPlan faults, Thread thread) {
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
    faults.arm(thread, number(new String(bytes, StandardCharsets.ISO_8859_1)));
    return buffer.byteSize();
  }

  @Override
  public long pwrite(MemorySegment buffer, long offset) {
    return write(buffer);
  }

  private static int number(String text) {
    String digits = text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
    digits = digits.startsWith("+") ? digits.substring(1) : digits;
    int radix = 10;
    if (digits.regionMatches(true, 0, "0x", 0, 2) && digits.length() > 2) {
      radix = 16;
      digits = digits.substring(2);
    } else if (digits.startsWith("0")) {
      radix = 8;
    }
    if (!digits.matches("[0-9a-fA-F]+")) {
      throw Refused.with(Errno.EINVAL);
    }
    for (int i = 0; i < digits.length(); i++) {
      if (Character.digit(digits.charAt(i), radix) < 0) {
        throw Refused.with(Errno.EINVAL);
      }
    }
    try {
      return Integer.parseUnsignedInt(digits, radix);
    } catch (NumberFormatException tooLarge) {
      throw Refused.with(Errno.ERANGE);
    }
  }
}
