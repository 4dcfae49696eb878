// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.examples;

import io.iommufd4j.DmaBuffer;
import io.iommufd4j.Ioas;
import io.iommufd4j.Iommufd;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Backend;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.uapi.Access;
import java.io.PrintStream;

/** Handles the refusals that a program can do something about, and shows the hint of the others. */
public final class HandleRefusal {

  private static final long IOVA = 0x100_0000;

  private HandleRefusal() {}

  /** Runs on the host's own kernel. */
  public static void main(String[] arguments) {
    try (var kernel = Backend.NATIVE.open(Backend.Purpose.IOMMUFD)) {
      mapTwice(kernel, System.out);
    }
  }

  static void mapTwice(Kernel kernel, PrintStream out) {
    try (var iommufd = Iommufd.open(kernel);
        var buffer = DmaBuffer.allocate(kernel, 4096)) {
      Ioas ioas = iommufd.newIoas();
      ioas.map(buffer.segment(), IOVA, Access.READ_WRITE);
      out.println("IOVA 0x" + Long.toHexString(mapThereOrElsewhere(ioas, buffer, out)));
    }
  }

  private static long mapThereOrElsewhere(Ioas ioas, DmaBuffer buffer, PrintStream out) {
    try {
      ioas.map(buffer.segment(), IOVA, Access.READ_WRITE);
      return IOVA;
    } catch (KernelException refused) {
      return switch (refused.errno()) {
        case Errno.EEXIST -> {
          out.println(refused.operation() + ": " + refused.hint());
          yield ioas.map(buffer.segment(), Access.READ_WRITE);
        }
        default -> throw refused; // its message has errno, request, descriptor, object and hint
      };
    }
  }
}
