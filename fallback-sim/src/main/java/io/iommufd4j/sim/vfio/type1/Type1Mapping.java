// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.vfio.type1;

import io.iommufd4j.sim.mm.Accounting;
import io.iommufd4j.sim.mm.UserProcess;

/** Memory that a container's devices reach ({@code struct vfio_dma}). */
final class Type1Mapping {

  final long iova;
  final long bytes;
  final int protection;

  /** Of the pages that are pinned, whatever becomes of the address they were mapped at. */
  final long physical;

  /** The process that mapped it. */
  final UserProcess owner;

  /** The count that its pages add to. */
  final Accounting.Mode account;

  /** False for a device's registers, which are neither pinned nor paid for. */
  final boolean pinned;

  /** True if user space took the address away ({@code VFIO_DMA_UNMAP_FLAG_VADDR}). */
  boolean withoutAddress;

  Type1Mapping(
      long iova,
      long bytes,
      int protection,
      long physical,
      UserProcess owner,
      Accounting.Mode account,
      boolean pinned) {
    this.iova = iova;
    this.bytes = bytes;
    this.protection = protection;
    this.physical = physical;
    this.owner = owner;
    this.account = account;
    this.pinned = pinned;
  }

  long last() {
    return iova + bytes - 1;
  }
}
