// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j;

import io.iommufd4j.bindings.iommufd.iommu_hwpt_page_response;
import io.iommufd4j.bindings.iommufd.iommu_hwpt_pgfault;
import io.iommufd4j.data.PageFault;
import io.iommufd4j.data.PageResponse;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.event.Pollable;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.uapi.FaultQueueId;
import io.iommufd4j.wire.KernelFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A queue of I/O page faults that somebody else owns: it is given to HWPTs when they are made, and
 * what their devices ask for comes out of its descriptor.
 */
public sealed class FaultQueueRef implements Pollable permits FaultQueue {

  private static final int AT_ONCE = 64;

  private final FaultQueueId id;
  private final KernelFile file;
  private int room = AT_ONCE;

  FaultQueueRef(FaultQueueId id, KernelFile file) {
    this.id = id;
    this.file = file;
  }

  /** {@return its id, for {@link io.iommufd4j.data.HwptSpec#withFaultQueue}} */
  public final FaultQueueId id() {
    return id;
  }

  @Override
  public final Kernel kernel() {
    return file.kernel();
  }

  /**
   * {@return its descriptor, which is ready for reading while there are faults}
   *
   * @throws IllegalStateException when closed
   */
  @Override
  public final int fd() {
    return file.fd();
  }

  /**
   * Takes the faults that are there, without waiting for any ({@code read(2)}). Each group waits
   * for its answer from then on.
   *
   * @return groups in the order that devices asked; empty when there are none
   * @throws KernelException {@code ENOMEM}
   */
  public final synchronized List<PageFault.Group> read() {
    while (true) {
      try (Arena arena = Arena.ofConfined()) {
        long size = iommu_hwpt_pgfault.sizeof();
        MemorySegment records = arena.allocate(room * size, Long.BYTES);
        long result = file.tryRead(records);
        if (result == Errno.EINVAL.negated()) {
          // The first group is larger than that.
          room *= 2;
          continue;
        }
        return PageFault.Group.of(records.asSlice(0, file.checked("read", result)));
      }
    }
  }

  /**
   * Answers a group: its device tries again, or gives up ({@code write(2)}).
   *
   * @param group as read from here, not answered yet
   * @param response the same for all its faults
   * @throws KernelException {@code EINVAL} when the group was answered already, which the kernel
   *     does itself when the device is detached or its HWPT replaced
   */
  public final void respond(PageFault.Group group, PageResponse response) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment answer = iommu_hwpt_page_response.allocate(arena);
      iommu_hwpt_page_response.cookie(answer, group.cookie());
      iommu_hwpt_page_response.code(answer, response.code());
      file.write(answer);
    }
  }

  @Override
  public final String toString() {
    return id.toString();
  }
}
