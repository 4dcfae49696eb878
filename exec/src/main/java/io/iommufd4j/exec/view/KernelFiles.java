// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.view;

import io.iommufd4j.kernel.Kernel;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Texts of the simulated kernel, read by its own system calls. */
final class KernelFiles {

  private static final int PIECE = 4096;

  private final Kernel kernel;

  KernelFiles(Kernel kernel) {
    this.kernel = kernel;
  }

  /** The content of a file; nothing when it cannot be read. */
  byte[] read(String path) {
    int fd = kernel.open(path, 0);
    if (fd < 0) {
      return new byte[0];
    }
    try (var arena = Arena.ofConfined()) {
      var bytes = new ByteArrayOutputStream();
      MemorySegment piece = arena.allocate(PIECE);
      long count;
      while ((count = kernel.read(fd, piece)) > 0) {
        bytes.writeBytes(piece.asSlice(0, count).toArray(ValueLayout.JAVA_BYTE));
      }
      return bytes.toByteArray();
    } finally {
      kernel.close(fd);
    }
  }
}
