// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.vfio;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.wire.KernelFile;
import io.iommufd4j.wire.Mapping;
import java.lang.foreign.MemorySegment;

/** A region of a device, or part of it, mapped into this process. */
public final class MappedRegion implements AutoCloseable {

  private final Mapping mapping;

  private MappedRegion(Mapping mapping) {
    this.mapping = mapping;
  }

  static MappedRegion map(KernelFile file, RegionInfo region, long position, long length) {
    if (length < 0 || length > region.size() - region.checked(position)) {
      throw new IndexOutOfBoundsException(
          length + " bytes from " + position + " leave region " + region.index());
    }
    int protection = 0;
    if (region.readable()) {
      protection |= libc_h.PROT_READ();
    }
    if (region.writable()) {
      protection |= libc_h.PROT_WRITE();
    }
    long offset = region.offset() + position;
    return new MappedRegion(
        Mapping.of(file.kernel(), length, protection, libc_h.MAP_SHARED(), file.fd(), offset));
  }

  /**
   * {@return the device's registers or memory, bounded to what was mapped} An access after {@link
   * #close} throws {@link IllegalStateException}.
   */
  public MemorySegment segment() {
    return mapping.segment();
  }

  /**
   * Unmaps it. Closing twice is harmless.
   *
   * @throws IllegalStateException while a call uses the segment; it then stays mapped
   */
  @Override
  public void close() {
    mapping.close();
  }
}
