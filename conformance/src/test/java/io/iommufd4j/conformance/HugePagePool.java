// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.kernel.Kernel;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/** The huge pages that a kernel keeps for {@code MAP_HUGETLB}; none are kept unless asked for. */
final class HugePagePool {

  private static final String SIZE = "/proc/sys/vm/nr_hugepages";

  /** Beyond what a test maps: pages of the test before may still be on their way back. */
  private static final long SPARE = 8;

  private HugePagePool() {}

  /** Makes sure that so many pages are free to be mapped. */
  static void hold(Kernel kernel, long pages) {
    int fd = Answers.ok(kernel.open(SIZE, libc_h.O_RDWR()));
    try (var arena = Arena.ofConfined()) {
      if (size(kernel, fd, arena) < pages + SPARE) {
        byte[] wanted = Long.toString(pages + SPARE).getBytes(StandardCharsets.US_ASCII);
        MemorySegment text = arena.allocateFrom(ValueLayout.JAVA_BYTE, wanted);
        Answers.same(wanted.length, kernel.write(fd, text));
      }
    } finally {
      Answers.ok(kernel.close(fd));
    }
  }

  private static long size(Kernel kernel, int fd, Arena arena) {
    MemorySegment text = arena.allocate(32);
    Answers.ok(kernel.pread(fd, text, 0));
    return Long.parseLong(text.getString(0).strip());
  }
}
