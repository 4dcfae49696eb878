// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.replace;

import io.iommufd4j.Hwpt;
import io.iommufd4j.Ioas;
import io.iommufd4j.uapi.PageTableId;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * One of the two translations a device is moved between.
 *
 * @param buffer the letter of the memory that its IOVAs reach
 * @param memory that memory
 * @param ioas the IOAS that maps it
 * @param mapped true if it does: not where this kernel replaces only by an IOAS that maps nothing
 * @param hwpt the HWPT to attach to; empty where the kernel makes one for the IOAS
 */
record Side(char buffer, MemorySegment memory, Ioas ioas, boolean mapped, Optional<Hwpt> hwpt) {

  /** The letter of the buffer that DMA reaches; {@link DmaProof#NOTHING} when it reaches none. */
  char reached() {
    return mapped ? buffer : DmaProof.NOTHING;
  }

  /** The object that the device is attached to: the HWPT, or the IOAS where there is none. */
  PageTableId target() {
    return hwpt.isPresent() ? hwpt.get().id() : ioas.id();
  }
}
