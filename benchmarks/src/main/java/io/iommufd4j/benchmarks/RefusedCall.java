// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.benchmarks;

import io.iommufd4j.bindings.iommufd.iommu_option;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.linux.NativeKernel;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A request that reaches the kernel of any host and is refused at once: {@code IOMMU_OPTION} of a
 * file that knows no requests ({@code ENOTTY}).
 */
final class RefusedCall implements AutoCloseable {

  private static final int READ_WRITE = 2;

  private final Kernel kernel = new NativeKernel();
  private final int fd = kernel.open("/dev/null", READ_WRITE);
  private final MemorySegment option = iommu_option.allocate(Arena.ofAuto());

  void once() {
    int answer = kernel.ioctl(fd, Request.IOMMU_OPTION.number(), option);
    if (answer != Errno.ENOTTY.negated()) {
      throw new IllegalStateException("not refused: " + Errno.name(answer));
    }
  }

  @Override
  public void close() {
    kernel.close(fd);
    kernel.close();
  }
}
