// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.hints;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.conformance.Answers;
import io.iommufd4j.conformance.Handle;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.sim.SimKernel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;

/** iommufd's {@code allow_unsafe_interrupts}, off for as long as this is open. */
final class UnsafeInterrupts implements Handle {

  private static final String PARAMETER = "/sys/module/iommufd/parameters/allow_unsafe_interrupts";

  private final Kernel kernel;

  private final String before;

  private UnsafeInterrupts(Kernel kernel) {
    this.kernel = kernel;
    this.before = read(kernel);
  }

  /** True if the machine does without: it isolates interrupts. */
  static boolean unneededOn(KernelUnderTest test) {
    return test.kernel() instanceof SimKernel simulated
        ? simulated.machine().isolatedInterrupts()
        : isolatedInTheLab(test.machine().iommu(), Release.of(test.kernel()));
  }

  /**
   * True if the lab's machine isolates interrupts. With QEMU's AMD-Vi, Linux 6.12 remaps them and
   * 7.3 does not.
   */
  private static boolean isolatedInTheLab(String iommu, Release release) {
    return switch (iommu) {
      case "virtio" -> false;
      case "amd" -> release.before(6, 13);
      default -> true;
    };
  }

  static UnsafeInterrupts forbidden(Kernel kernel) {
    var forbidden = new UnsafeInterrupts(kernel);
    forbidden.write("N");
    return forbidden;
  }

  private static String read(Kernel kernel) {
    try {
      return Files.readString(kernel.sysfs().resolve(PARAMETER.substring(5))).strip();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void write(String value) {
    int fd = Answers.ok(kernel.open(PARAMETER, libc_h.O_WRONLY()));
    try (Arena arena = Arena.ofConfined()) {
      Answers.ok(kernel.write(fd, arena.allocateFrom(value + "\n").asSlice(0, 2)));
    } finally {
      Answers.ok(kernel.close(fd));
    }
  }

  @Override
  public void close() {
    write(before);
  }
}
