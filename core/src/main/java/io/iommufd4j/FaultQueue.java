// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j;

import io.iommufd4j.error.KernelException;
import io.iommufd4j.uapi.FaultQueueId;
import io.iommufd4j.wire.KernelFile;

/** A queue of I/O page faults that this handle owns: closing it destroys it. */
public final class FaultQueue extends FaultQueueRef implements AutoCloseable {

  private final OwnedObject owned;

  FaultQueue(OwnedObjects home, FaultQueueId id, KernelFile file) {
    super(id, file);
    this.owned = home.own(id, file);
  }

  /**
   * Closes its descriptor and destroys it ({@code IOMMU_DESTROY}). What is not answered by then is
   * refused. Harmless when closed already.
   *
   * @throws KernelException {@code EBUSY} while a HWPT uses it: only its descriptor is closed then,
   *     and it can be closed later
   */
  @Override
  public void close() {
    owned.destroy();
  }
}
