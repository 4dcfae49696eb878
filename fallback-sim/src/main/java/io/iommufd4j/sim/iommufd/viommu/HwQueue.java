// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd.viommu;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommu.HwQueueCore;
import io.iommufd4j.sim.iommufd.Access;
import io.iommufd4j.sim.iommufd.IommufdObject;
import io.iommufd4j.sim.iommufd.ioas.Iova;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.UserMemory;
import org.jspecify.annotations.Nullable;

/**
 * A queue in guest memory that hardware reads by itself ({@code struct iommufd_hw_queue}). Its
 * pages stay where they are, and mapped, for as long as it is there.
 */
public final class HwQueue extends IommufdObject implements HwQueueCore {

  /** The most pointers to pages that {@code kvzalloc} can allocate: {@code INT_MAX} bytes. */
  private static final long MOST_PAGES = Integer.MAX_VALUE / Long.BYTES;

  private final Viommu viommu;
  private final int type;
  private final long baseAddress;
  private final long length;
  private long physical;
  private @Nullable Access access;
  private @Nullable Runnable undo;

  /**
   * A queue that is not pinned yet.
   *
   * @param type {@code enum iommu_hw_queue_type}
   * @param baseAddress IOVA of the first byte
   * @param length in bytes
   */
  public HwQueue(Viommu viommu, int type, long baseAddress, long length) {
    this.viommu = viommu;
    this.type = type;
    this.baseAddress = baseAddress;
    this.length = length;
  }

  /**
   * Pins the queue and makes the driver's part.
   *
   * @param index which of the guest's queues
   * @throws Refused as {@link #pin}, else as the driver answers
   */
  public void init(int index) {
    access = pin();
    viommu.context().objects().addUsers(viommu, 1);
    undo = viommu.ops().initHwQueue(this, index, physical);
  }

  /**
   * {@code iommufd_hw_queue_alloc_phys}.
   *
   * @throws Refused ERANGE for nearly all there is, ENOMEM for more pages than the kernel lists,
   *     EFAULT for pages that do not lie side by side, else as {@link Access#pinPages}
   */
  private Access pin() {
    requireCountable();
    viommu.context().faults().alloc(); // The list of its pages.
    Access own = Access.internal(viommu.context());
    try {
      own.attach(viommu.hwpt().ioas);
      try {
        long[] pages = own.pinPages(firstPage(), wholePages(), false);
        if (!sideBySide(pages)) {
          own.unpinPages(firstPage(), wholePages());
          throw Refused.with(Errno.EFAULT);
        }
        physical = pages[0] + baseAddress - firstPage();
      } catch (Refused refused) {
        own.detach();
        throw refused;
      }
    } catch (Refused refused) {
      own.end();
      throw refused;
    }
    return own;
  }

  private void requireCountable() {
    long offset = baseAddress - firstPage();
    if (Iova.above(length, Iova.MAX - offset - (UserMemory.PAGE_SIZE - 1))) {
      throw Refused.with(Errno.ERANGE);
    }
    if (Iova.above(wholePages() / UserMemory.PAGE_SIZE, MOST_PAGES)) {
      throw Refused.with(Errno.ENOMEM);
    }
  }

  private long firstPage() {
    return baseAddress & -UserMemory.PAGE_SIZE;
  }

  /** Bytes in the pages that it lies in. */
  private long wholePages() {
    long bytes = baseAddress - firstPage() + length;
    return (bytes + UserMemory.PAGE_SIZE - 1) & -UserMemory.PAGE_SIZE;
  }

  private static boolean sideBySide(long[] pages) {
    for (int i = 1; i < pages.length; i++) {
      if (pages[i] != pages[i - 1] + UserMemory.PAGE_SIZE) {
        return false;
      }
    }
    return true;
  }

  @Override
  public int type() {
    return type;
  }

  @Override
  public long baseAddress() {
    return baseAddress;
  }

  @Override
  public long length() {
    return length;
  }

  @Override
  public void dependOn(HwQueueCore other) {
    if (!(other instanceof HwQueue queue) || queue == this) {
      throw Refused.with(Errno.EINVAL);
    }
    viommu.context().objects().addUsers(queue, 1);
  }

  @Override
  public void releaseFrom(HwQueueCore other) {
    if (other instanceof HwQueue queue) {
      viommu.context().objects().removeUsers(queue, 1);
    }
  }

  /** {@code iommufd_hw_queue_destroy}; as far as it came, when it was never published. */
  @Override
  protected void destroy() {
    if (undo != null) {
      undo.run();
    }
    if (access != null) {
      access.unpinPages(firstPage(), wholePages());
      access.detach();
      access.end();
      viommu.context().objects().removeUsers(viommu, 1);
    }
  }
}
