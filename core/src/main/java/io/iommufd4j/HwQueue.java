// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j;

import io.iommufd4j.error.KernelException;
import io.iommufd4j.uapi.HwQueueId;

/**
 * A hardware queue that this handle owns: closing it destroys it. The guest's memory that it lies
 * in stays mapped until then.
 */
public final class HwQueue implements AutoCloseable {

  private final HwQueueId id;
  private final OwnedObject owned;

  HwQueue(OwnedObjects home, HwQueueId id) {
    this.id = id;
    this.owned = home.own(id);
  }

  /** {@return its id} */
  public HwQueueId id() {
    return id;
  }

  /**
   * Destroys it ({@code IOMMU_DESTROY}). Harmless when closed already, or when the iommufd is
   * closed, which destroys all in it.
   *
   * @throws KernelException {@code EBUSY} while another queue needs it, as one of a higher index
   *     does; it then stays open and can be closed later
   */
  @Override
  public void close() {
    owned.destroy();
  }

  @Override
  public String toString() {
    return id.toString();
  }
}
