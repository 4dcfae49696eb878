package io.iommufd4j.sim.iommu;

import org.jspecify.annotations.Nullable;

/**
 * What an owner hangs on an attachment, fresh for each one, so that a fault reported meanwhile is
 * never credited to the next ({@code struct iommu_attach_handle}).
 */
public class AttachHandle {

  private volatile @Nullable IommuDomain domain;

  /** The domain that it was attached with. */
  public final IommuDomain domain() {
    IommuDomain attached = domain;
    if (attached == null) {
      throw new IllegalStateException("the handle was never attached");
    }
    return attached;
  }

  final void attachedTo(IommuDomain to) {
    domain = to;
  }
}
