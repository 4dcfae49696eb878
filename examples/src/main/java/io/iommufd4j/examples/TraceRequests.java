// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.examples;

import io.iommufd4j.DmaBuffer;
import io.iommufd4j.Iommufd;
import io.iommufd4j.kernel.Backend;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.TracingKernel;
import io.iommufd4j.uapi.Access;
import java.io.PrintStream;

/** Shows every call that a program makes, with its fields, its answer and its time. */
public final class TraceRequests {

  private TraceRequests() {}

  /** Runs on the host's own kernel. */
  public static void main(String[] arguments) {
    trace(Backend.NATIVE.open(Backend.Purpose.IOMMUFD), System.out);
  }

  static void trace(Kernel kernel, PrintStream out) {
    try (var traced = new TracingKernel(kernel, out::println);
        var iommufd = Iommufd.open(traced);
        var ioas = iommufd.newIoas();
        var buffer = DmaBuffer.allocate(traced, 4096)) {
      long iova = ioas.map(buffer.segment(), Access.READ_WRITE);
      ioas.unmap(iova, buffer.byteSize());
    }
  }
}
