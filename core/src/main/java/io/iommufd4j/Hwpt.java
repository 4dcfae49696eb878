// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j;

import io.iommufd4j.error.KernelException;
import io.iommufd4j.uapi.HwptId;
import io.iommufd4j.wire.KernelFile;

/** A hardware page table that this handle owns: closing it destroys it. */
public final class Hwpt extends HwptRef implements AutoCloseable {

  private final OwnedObject owned;

  Hwpt(IommufdRef iommufd, HwptId id) {
    super(iommufd, id);
    this.owned = iommufd.owned().own(id);
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
   * @throws KernelException {@code EBUSY} while a device is attached to it, or a nested HWPT or a
   *     vIOMMU is made from it; it then stays open and can be closed later
   */
  @Override
  public void close() {
    owned.destroy();
  }
}
