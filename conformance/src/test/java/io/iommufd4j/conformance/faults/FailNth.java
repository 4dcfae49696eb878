// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.faults;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.conformance.Answers;
import io.iommufd4j.conformance.Handle;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/** {@code /proc/thread-self/fail-nth}, open for the calling thread. */
public final class FailNth implements Handle {

  private static final int ROOM = 64;

  private final Kernel kernel;
  private final MemorySegment buffer;
  private final int fd;

  /** Opens it, with ordinary allocations counting and the kernel's log quiet. */
  public FailNth(KernelUnderTest test) {
    kernel = test.kernel();
    buffer = test.arena().allocate(ROOM);
    new Knob(test, "/sys/kernel/debug/failslab/ignore-gfp-wait").write("N");
    new Knob(test, "/sys/kernel/debug/failslab/verbose").write("0");
    new Knob(test, "/sys/kernel/debug/fail_iommufd/verbose").write("0");
    fd = Answers.ok(kernel.open("/proc/thread-self/fail-nth", libc_h.O_RDWR()));
  }

  private MemorySegment bytes(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    return buffer.asSlice(0, bytes.length).copyFrom(MemorySegment.ofArray(bytes));
  }

  /** Writes to it as it stands: bytes taken, or −errno. */
  long write(String text) {
    return kernel.pwrite(fd, bytes(text), 0);
  }

  /** The text that the file holds. */
  String read() {
    return text(kernel.pread(fd, buffer, 0));
  }

  private String text(long count) {
    byte[] said = buffer.asSlice(0, Answers.ok(count)).toArray(ValueLayout.JAVA_BYTE);
    return new String(said, StandardCharsets.US_ASCII);
  }

  /** The thread fails at the n-th place from now on. */
  public void arm(int nth) {
    String text = Integer.toString(nth);
    Answers.same(text.length(), write(text));
  }

  /**
   * Disarms the thread.
   *
   * @return whether it had its failure
   */
  public boolean disarm() {
    long said = kernel.pread(fd, buffer, 0);
    boolean failed = said != Errno.EFAULT.negated() && text(said).equals("0\n");
    // Reading and disarming can be what fails: then nothing before did.
    if (write("0") == Errno.EFAULT.negated()) {
      arm(0);
      return false;
    }
    return failed;
  }

  @Override
  public void close() {
    Answers.ok(kernel.close(fd));
  }
}
