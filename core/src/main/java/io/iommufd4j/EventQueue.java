// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j;

import io.iommufd4j.data.EventType;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.uapi.EventQueueId;
import io.iommufd4j.wire.KernelFile;

/** A queue of events of a vIOMMU that this handle owns: closing it destroys it. */
public final class EventQueue extends EventQueueRef implements AutoCloseable {

  private final OwnedObject owned;

  EventQueue(OwnedObjects home, EventQueueId id, KernelFile file, EventType type) {
    super(id, file, type);
    this.owned = home.own(id, file);
  }

  /**
   * Closes its descriptor and destroys it ({@code IOMMU_DESTROY}). Harmless when closed already.
   *
   * @throws KernelException {@code EBUSY} while somebody else has its descriptor open: only this
   *     one is closed then, and the queue can be closed later
   */
  @Override
  public void close() {
    owned.destroy();
  }
}
