package io.iommufd4j.cli.replace;

import io.iommufd4j.Hwpt;
import io.iommufd4j.Ioas;
import io.iommufd4j.PageTableId;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * One of the two translations a device is moved between.
 *
 * @param buffer the letter of the memory that its IOVAs reach
 * @param memory that memory
 * @param ioas the IOAS that maps it
 * @param hwpt the HWPT to attach to; empty where the kernel makes one for the IOAS
 */
record Side(char buffer, MemorySegment memory, Ioas ioas, Optional<Hwpt> hwpt) {

  /** What the device is attached to. */
  PageTableId target() {
    return hwpt.isPresent() ? hwpt.get().id() : ioas.id();
  }
}
