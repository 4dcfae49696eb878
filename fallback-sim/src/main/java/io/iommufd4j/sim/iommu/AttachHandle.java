package io.iommufd4j.sim.iommu;

import org.jspecify.annotations.Nullable;

/**
 * What an owner hangs on an attachment ({@code struct iommu_attach_handle}). One through which a
 * fault may have been reported serves once, so that the fault is never credited to the next.
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
