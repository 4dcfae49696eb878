// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j;

import io.iommufd4j.error.KernelException;
import io.iommufd4j.uapi.IoasId;
import io.iommufd4j.wire.KernelFile;

/** An I/O address space that this handle owns: closing it destroys it. */
public final class Ioas extends IoasRef implements AutoCloseable {

  private final OwnedObject owned;

  Ioas(IommufdRef iommufd, IoasId id) {
    super(iommufd, id);
    this.owned = iommufd.owned().own(id);
  }

  @Override
  KernelFile file() {
    owned.requireOpen();
    return super.file();
  }

  /**
   * Destroys it and takes down what it maps ({@code IOMMU_DESTROY}). Harmless when closed already,
   * or when the iommufd is closed, which destroys all in it.
   *
   * @throws KernelException {@code EBUSY} while a HWPT is made from it or a device is attached to
   *     it; it then stays open and can be closed later
   */
  @Override
  public void close() {
    owned.destroy();
  }
}
