// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j;

import io.iommufd4j.data.ViommuData;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.uapi.ViommuId;
import io.iommufd4j.wire.KernelFile;

/** A vIOMMU that this handle owns: closing it destroys it. */
public final class Viommu extends ViommuRef implements AutoCloseable {

  private final OwnedObject owned;
  private final ViommuData data;

  Viommu(OwnedObjects home, ViommuId id, ViommuData data) {
    super(home, id);
    this.data = data;
    this.owned = home.own(id);
  }

  /**
   * {@return its kind, with what the driver answered when it was made; as given when it was taken
   * over}
   */
  public ViommuData data() {
    return data;
  }

  @Override
  KernelFile file() {
    owned.requireOpen();
    return super.file();
  }

  /**
   * Destroys it ({@code IOMMU_DESTROY}). Harmless when closed already, or when the iommufd is
   * closed, which destroys all in it.
   *
   * @throws KernelException {@code EBUSY} while a nested HWPT, a device, a queue or a mapping of
   *     its driver's memory belongs to it; it then stays open and can be closed later
   */
  @Override
  public void close() {
    owned.destroy();
  }
}
