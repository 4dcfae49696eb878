// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j;

import io.iommufd4j.uapi.VdeviceId;

/**
 * A device of a guest, known to its vIOMMU by an id of the guest's, that this handle owns: closing
 * it destroys it. It goes with the device at the latest; then its id is lost for as long as the
 * iommufd lives, so that it is better closed before.
 */
public final class Vdevice implements AutoCloseable {

  private final VdeviceId id;
  private final OwnedObject owned;

  Vdevice(OwnedObjects home, VdeviceId id) {
    this.id = id;
    this.owned = home.own(id);
  }

  /** {@return its id} */
  public VdeviceId id() {
    return id;
  }

  /**
   * Destroys it ({@code IOMMU_DESTROY}). Harmless when closed already, when it went with its
   * device, or when the iommufd is closed, which destroys all in it.
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
