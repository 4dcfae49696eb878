// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.vfio;

import io.iommufd4j.error.KernelException;
import io.iommufd4j.uapi.PageTableId;

/**
 * The outcome of an attach or a replace, with the refusals that a program may expect as values.
 * Others are thrown.
 */
public sealed interface AttachOutcome {

  /**
   * Attached.
   *
   * @param pageTable the HWPT that translates now, as the kernel wrote it back: the one asked for,
   *     or the automatic one of the IOAS asked for; that IOAS itself for a device without an IOMMU
   *     of its own
   */
  record Attached(PageTableId pageTable) implements AttachOutcome {}

  /** The kernel refused, and said why by its errno. */
  sealed interface Refused extends AttachOutcome {

    /** {@return the refusal as it would have been thrown, with its errno and hint} */
    KernelException cause();
  }

  /**
   * {@code EINVAL}: this page table does not fit this device.
   *
   * @param cause the refusal
   */
  record Incompatible(KernelException cause) implements Refused {}

  /**
   * {@code EADDRINUSE}: the IOAS maps an IOVA that the device's group reserves.
   *
   * @param cause the refusal
   */
  record ReservedIovaMapped(KernelException cause) implements Refused {}

  /**
   * {@code EBUSY}: the device, or a sibling in its group, is being reset or recovered.
   *
   * @param cause the refusal
   */
  record Busy(KernelException cause) implements Refused {}

  /**
   * {@code ENOENT}: the iommufd has no object of this id.
   *
   * @param cause the refusal
   */
  record NoSuchPageTable(KernelException cause) implements Refused {}

  /**
   * {@code EOPNOTSUPP}: the device or its IOMMU has no PASIDs.
   *
   * @param cause the refusal
   */
  record Unsupported(KernelException cause) implements Refused {}

  /**
   * {@return the page table that the device is attached to now}
   *
   * @throws KernelException when the kernel refused
   */
  default PageTableId orThrow() {
    return switch (this) {
      case Attached(PageTableId pageTable) -> pageTable;
      case Refused refused -> throw refused.cause();
    };
  }
}
