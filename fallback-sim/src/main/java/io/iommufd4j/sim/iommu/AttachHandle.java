// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommu;

import io.iommufd4j.sim.lib.Refused;
import org.jspecify.annotations.Nullable;

/**
 * An owner's own object on an attachment ({@code struct iommu_attach_handle}). A handle through
 * which a fault may have been reported is used only once, so that the fault is never taken for one
 * of the next attachment.
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

  /**
   * A device of the group wants to send interrupt messages to a page, which its IOMMU translates.
   *
   * @return the page's IOVA
   * @throws Refused when the page cannot be mapped
   */
  protected long reachMessages(IommuDevice through, long page) {
    return page;
  }

  final void attachedTo(IommuDomain to) {
    domain = to;
  }
}
