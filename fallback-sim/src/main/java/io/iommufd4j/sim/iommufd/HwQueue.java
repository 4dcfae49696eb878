package io.iommufd4j.sim.iommufd;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommu.HwQueueCore;
import io.iommufd4j.sim.lib.Refused;
import org.jspecify.annotations.Nullable;

/**
 * A queue in guest memory that hardware reads by itself ({@code struct iommufd_hw_queue}). Its
 * pages stay where they are, and mapped, for as long as it is there.
 */
final class HwQueue extends IommufdObject implements HwQueueCore {

  private final Viommu viommu;
  private final int type;
  private final long baseAddress;
  private final long length;
  private boolean needsViommu;
  private @Nullable Runnable undo;

  HwQueue(Viommu viommu, int type, long baseAddress, long length) {
    this.viommu = viommu;
    this.type = type;
    this.baseAddress = baseAddress;
    this.length = length;
  }

  /**
   * {@code iommufd_hw_queue_alloc_phys}, and the driver's part.
   *
   * @param index which of the guest's queues
   * @throws Refused ENOENT where the guest has no memory, EFAULT when it is not in one piece, else
   *     as the driver answers
   */
  void init(int index) {
    viommu.context().objects().addUsers(viommu, 1);
    needsViommu = true;
    undo = viommu.ops().initHwQueue(this, index, 0);
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
    if (needsViommu) {
      viommu.context().objects().removeUsers(viommu, 1);
    }
  }
}
