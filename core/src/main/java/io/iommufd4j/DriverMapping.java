// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.wire.Mapping;
import java.lang.foreign.MemorySegment;

/**
 * Memory of an IOMMU's driver, as a page of registers that a vIOMMU has for its guest, mapped into
 * this process ({@code mmap(2)} of the iommufd). As long as it is, the object that it belongs to
 * cannot be destroyed.
 */
public final class DriverMapping implements AutoCloseable {

  private final OwnedObjects home;
  private final Mapping mapping;

  DriverMapping(OwnedObjects home, long offset, long bytes) {
    this.home = home;
    int protection = libc_h.PROT_READ() | libc_h.PROT_WRITE();
    this.mapping =
        Mapping.of(
            home.file().kernel(), bytes, protection, libc_h.MAP_SHARED(), home.file().fd(), offset);
    home.mapped(this);
  }

  /** {@return the memory} An access after {@link #close} throws {@link IllegalStateException}. */
  public MemorySegment segment() {
    return mapping.segment();
  }

  /**
   * Takes the mapping down. Closing twice is harmless.
   *
   * @throws IllegalStateException while a call uses the segment; it then stays mapped
   */
  @Override
  public void close() {
    mapping.close();
    home.unmapped(this);
  }
}
