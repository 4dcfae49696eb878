// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.vfio;

import io.iommufd4j.wire.KernelFile;
import io.iommufd4j.wire.RequestBlocks;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * A region of a device by {@code pread(2)} and {@code pwrite(2)}, a system call for each access. It
 * works for every region, also where none of it can be mapped. Config space and I/O ports take 64
 * bits in two pieces.
 */
public final class RegionFile implements Registers {

  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final KernelFile file;
  private final RegionInfo region;

  RegionFile(KernelFile file, RegionInfo region) {
    this.file = file;
    this.region = region;
  }

  @Override
  public long byteSize() {
    return region.size();
  }

  @Override
  public int read8(long offset) {
    MemorySegment register = RequestBlocks.ofThread().byteRegister;
    read(register, offset);
    return Byte.toUnsignedInt(register.get(ValueLayout.JAVA_BYTE, 0));
  }

  @Override
  public int read16(long offset) {
    MemorySegment register = RequestBlocks.ofThread().shortRegister;
    read(register, offset);
    return Short.toUnsignedInt(register.get(SHORT, 0));
  }

  @Override
  public int read32(long offset) {
    MemorySegment register = RequestBlocks.ofThread().intRegister;
    read(register, offset);
    return register.get(INT, 0);
  }

  @Override
  public long read64(long offset) {
    MemorySegment register = RequestBlocks.ofThread().longRegister;
    read(register, offset);
    return register.get(LONG, 0);
  }

  @Override
  public void write8(long offset, int value) {
    MemorySegment register = RequestBlocks.ofThread().byteRegister;
    register.set(ValueLayout.JAVA_BYTE, 0, (byte) value);
    write(register, offset);
  }

  @Override
  public void write16(long offset, int value) {
    MemorySegment register = RequestBlocks.ofThread().shortRegister;
    register.set(SHORT, 0, (short) value);
    write(register, offset);
  }

  @Override
  public void write32(long offset, int value) {
    MemorySegment register = RequestBlocks.ofThread().intRegister;
    register.set(INT, 0, value);
    write(register, offset);
  }

  @Override
  public void write64(long offset, long value) {
    MemorySegment register = RequestBlocks.ofThread().longRegister;
    register.set(LONG, 0, value);
    write(register, offset);
  }

  private void read(MemorySegment register, long offset) {
    long at = region.offset() + RegionBounds.checked(offset, register.byteSize(), byteSize());
    whole(file.pread(register, at), register, offset);
  }

  private void write(MemorySegment register, long offset) {
    long at = region.offset() + RegionBounds.checked(offset, register.byteSize(), byteSize());
    whole(file.pwrite(register, at), register, offset);
  }

  private void whole(long moved, MemorySegment register, long offset) {
    if (moved != register.byteSize()) {
      throw new IndexOutOfBoundsException(
          moved + " of " + register.byteSize() + " bytes at " + offset + " of " + region);
    }
  }
}
