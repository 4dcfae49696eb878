// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.vfio;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.wire.KernelFile;
import io.iommufd4j.wire.Mapping;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * A region of a device, or part of it, mapped into this process. Offsets count from the start of
 * what is mapped. An access after {@link #close} throws {@link IllegalStateException}; a write to a
 * region that cannot be written, {@link UnsupportedOperationException} or {@link
 * IllegalArgumentException}.
 */
public final class MappedRegion implements Registers, AutoCloseable {

  // Volatile: none is left out, repeated or reordered.
  private static final VarHandle SHORT =
      ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();
  private static final VarHandle INT =
      ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();
  private static final VarHandle LONG =
      ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();
  private static final VarHandle BYTE = ValueLayout.JAVA_BYTE.varHandle();

  private final Mapping mapping;
  private final MemorySegment segment;
  private final long position;

  private MappedRegion(Mapping mapping, MemorySegment segment, long position) {
    this.mapping = mapping;
    this.segment = segment;
    this.position = position;
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
    Mapping mapping =
        Mapping.of(file.kernel(), length, protection, libc_h.MAP_SHARED(), file.fd(), offset);
    MemorySegment whole = mapping.segment();
    return new MappedRegion(mapping, region.writable() ? whole : whole.asReadOnly(), position);
  }

  /**
   * {@return the device's registers or memory, bounded to what was mapped} An access after {@link
   * #close} throws {@link IllegalStateException}.
   */
  public MemorySegment segment() {
    return segment;
  }

  /** {@return where it starts, in bytes from the region's start} */
  public long position() {
    return position;
  }

  @Override
  public long byteSize() {
    return segment.byteSize();
  }

  @Override
  public int read8(long offset) {
    return Byte.toUnsignedInt((byte) BYTE.getVolatile(segment, at(offset, Byte.BYTES)));
  }

  @Override
  public int read16(long offset) {
    return Short.toUnsignedInt((short) SHORT.getVolatile(segment, at(offset, Short.BYTES)));
  }

  @Override
  public int read32(long offset) {
    return (int) INT.getVolatile(segment, at(offset, Integer.BYTES));
  }

  @Override
  public long read64(long offset) {
    return (long) LONG.getVolatile(segment, at(offset, Long.BYTES));
  }

  @Override
  public void write8(long offset, int value) {
    BYTE.setVolatile(segment, at(offset, Byte.BYTES), (byte) value);
  }

  @Override
  public void write16(long offset, int value) {
    SHORT.setVolatile(segment, at(offset, Short.BYTES), (short) value);
  }

  @Override
  public void write32(long offset, int value) {
    INT.setVolatile(segment, at(offset, Integer.BYTES), value);
  }

  @Override
  public void write64(long offset, long value) {
    LONG.setVolatile(segment, at(offset, Long.BYTES), value);
  }

  private long at(long offset, int width) {
    return RegionBounds.checked(offset, width, segment.byteSize());
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
