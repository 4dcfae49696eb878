// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j;

import io.iommufd4j.uapi.DeviceId;
import io.iommufd4j.uapi.PageTableId;
import java.util.Optional;

/** A device that can be bound to an iommufd and attached to a page table there, as VFIO's are. */
public interface BoundDevice {

  /**
   * {@return its id in the iommufd}
   *
   * @throws IllegalStateException when it is not bound
   */
  DeviceId id();

  /** {@return the iommufd that it is bound to; empty when it is not bound} */
  Optional<IommufdRef> iommufd();

  /** {@return the page table that translates its DMA; empty when it is not attached} */
  Optional<PageTableId> attached();

  /** Detaches it and each of its PASIDs. Does nothing when it is closed. */
  void detachAll();
}
