package io.iommufd4j.conformance.selftest;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.same;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.conformance.Answers;
import io.iommufd4j.conformance.Handle;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The calling thread's countdown to one injected fault: {@code /proc/thread-self/fail-nth}. A
 * thread has its own, so all of it belongs to one test on one platform thread.
 */
final class FailNth implements Handle {

  private static final String COUNTDOWN = "/proc/thread-self/fail-nth";
  private static final String KNOBS = "/sys/kernel/debug/";
  private static final List<String> QUIET = List.of("failslab/verbose", "fail_iommufd/verbose");
  private static final int TEXT_BYTES = 32;

  private final Kernel kernel;
  private final MemorySegment text;
  private final int fd;

  private FailNth(Kernel kernel, Arena arena, int fd) {
    this.kernel = kernel;
    this.text = arena.allocate(TEXT_BYTES);
    this.fd = fd;
  }

  /** Sets fault injection up so that any allocation may fail, and nothing is logged of it. */
  static FailNth prepare(KernelUnderTest test) {
    Kernel kernel = test.kernel();
    write(kernel, "failslab/ignore-gfp-wait", "N");
    QUIET.forEach(knob -> write(kernel, knob, "0"));
    int fd = ok(kernel.open(COUNTDOWN, libc_h.O_RDWR()));
    return test.keep(new FailNth(kernel, test.arena(), fd));
  }

  private static void write(Kernel kernel, String knob, String value) {
    int fd = ok(kernel.open(KNOBS + knob, libc_h.O_WRONLY()));
    try (var arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocateFrom(value).asSlice(0, value.length());
      same(value.length(), kernel.write(fd, text));
    } finally {
      ok(kernel.close(fd));
    }
  }

  /** From here on the n-th place where this thread's calls can fail does. */
  void arm(int n) {
    MemorySegment number = number(n);
    same(number.byteSize(), kernel.pwrite(fd, number, 0));
  }

  /**
   * Ends the countdown.
   *
   * @return whether the fault came before
   */
  boolean disarm() {
    long read = kernel.pread(fd, text, 0);
    // Reading and ending the countdown can be what fails: then nothing before it did.
    boolean came = read != -Errno.EFAULT && left(read) == 0;
    MemorySegment zero = number(0);
    long written = kernel.pwrite(fd, zero, 0);
    if (written == -Errno.EFAULT) {
      came = false;
      written = kernel.pwrite(fd, zero, 0);
    }
    same(zero.byteSize(), written);
    return came;
  }

  private int left(long read) {
    byte[] digits = text.asSlice(0, ok(read)).toArray(ValueLayout.JAVA_BYTE);
    return Integer.parseInt(new String(digits, StandardCharsets.US_ASCII).strip());
  }

  private MemorySegment number(int n) {
    byte[] digits = Integer.toString(n).getBytes(StandardCharsets.US_ASCII);
    MemorySegment.copy(digits, 0, text, ValueLayout.JAVA_BYTE, 0, digits.length);
    return text.asSlice(0, digits.length);
  }

  @Override
  public void close() {
    Answers.ok(kernel.close(fd));
  }
}
