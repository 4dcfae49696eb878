// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.vfio.pci;

import static io.iommufd4j.bindings.libc.libc_h.MAP_SHARED;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_PCI_BAR5_REGION_INDEX;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_PCI_CONFIG_REGION_INDEX;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.UserMemory;
import io.iommufd4j.sim.pci.PciConfigSpace;
import io.iommufd4j.sim.pci.PciFunction;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A device's regions through its file: the index is in the offset's upper bits ({@code
 * vfio_pci_rw}, {@code vfio_pci_core_mmap}).
 */
public final class Regions {

  private static final int INDEX_SHIFT = 40;
  private static final long WITHIN = (1L << INDEX_SHIFT) - 1;

  /** Bytes that the MSI-X table has for each message. */
  private static final int TABLE_ENTRY = 16;

  private final PciFunction function;
  private final OpenConfig config;

  /** The regions of a function. */
  public Regions(PciFunction function, OpenConfig config) {
    this.function = function;
    this.config = config;
  }

  /** The offset in the file at which a region begins. */
  static long offsetOf(int index) {
    return (long) index << INDEX_SHIFT;
  }

  /** The region that an offset in the file lies in; {@code VFIO_PCI_OFFSET_TO_INDEX}. */
  public static int indexOf(long offset) {
    return (int) (offset >>> INDEX_SHIFT);
  }

  /** The offset within its region of an offset in the file. */
  public static long within(long offset) {
    return offset & WITHIN;
  }

  /** {@code vfio_pci_rw} to the user: EINVAL beyond a BAR, EFAULT beyond the registers, EIO. */
  public long read(MemorySegment into, long offset) {
    if (into.byteSize() == 0) {
      return 0;
    }
    long index = offset >>> INDEX_SHIFT;
    long at = offset & WITHIN;
    if (index == VFIO_PCI_CONFIG_REGION_INDEX()) {
      return config.get().read(configPosition(at), into);
    }
    return moveBar(index, at, into, false);
  }

  /** {@code vfio_pci_rw} from the user; as {@link #read}. */
  public long write(MemorySegment from, long offset) {
    if (from.byteSize() == 0) {
      return 0;
    }
    long index = offset >>> INDEX_SHIFT;
    long at = offset & WITHIN;
    if (index == VFIO_PCI_CONFIG_REGION_INDEX()) {
      return config.get().write(configPosition(at), from);
    }
    return moveBar(index, at, from, true);
  }

  private int configPosition(long at) {
    if (at >= function.config().size()) {
      throw Refused.with(Errno.EFAULT);
    }
    return (int) at;
  }

  /** {@code vfio_pci_bar_rw}: chopped into the widest aligned accesses. */
  private long moveBar(long index, long start, MemorySegment buffer, boolean write) {
    long end = barBytes(index);
    if (start >= end) {
      throw Refused.with(Errno.EINVAL);
    }
    long count = Math.min(buffer.byteSize(), end - start);
    long tableStart = tableStart(index);
    long tableEnd = tableStart + (long) function.config().msixVectors() * TABLE_ENTRY;
    for (long done = 0; done < count; ) {
      long at = start + done;
      if (at >= tableStart && at < tableEnd) {
        long left = Math.min(count - done, tableEnd - at);
        if (!write) {
          buffer.asSlice(done, left).fill((byte) 0xff);
        }
        done += left;
        continue;
      }
      long limit = at < tableStart ? Math.min(count - done, tableStart - at) : count - done;
      int bytes = width(at, limit);
      if (!config.get().decodesMemory()) {
        throw Refused.with(Errno.EIO);
      }
      if (write) {
        function.store((int) index, at, bytes, get(buffer, done, bytes));
      } else {
        put(buffer, done, bytes, function.readBar((int) index, at, bytes));
      }
      done += bytes;
    }
    return count;
  }

  /**
   * The offset at which the MSI-X table begins, which is Linux' own and left out; past any BAR if
   * this one has no table.
   */
  private long tableStart(long index) {
    PciConfigSpace registers = function.config();
    return registers.msixVectors() > 0 && index == registers.msixBar()
        ? registers.msixTable()
        : Long.MAX_VALUE / 2;
  }

  /**
   * Maps a BAR.
   *
   * @throws Refused EINVAL for what is no BAR, reaches beyond it, or is not shared
   */
  public MemorySegment map(long bytes, int flags, long offset) {
    long length = (bytes + UserMemory.PAGE_SIZE - 1) & -UserMemory.PAGE_SIZE;
    requireMappable(length, flags, offset);
    return function
        .windows()
        .map(function, indexOf(offset), within(offset), length, config::decodesMemory);
  }

  /**
   * As {@link #map}, in memory that is there already.
   *
   * @throws Refused as {@link #map}
   */
  public void mapInto(MemorySegment memory, int flags, long offset) {
    requireMappable(memory.byteSize(), flags, offset);
    function
        .windows()
        .map(function, indexOf(offset), within(offset), memory, config::decodesMemory);
  }

  private void requireMappable(long length, int flags, long offset) {
    if ((flags & MAP_SHARED()) == 0
        || within(offset) + length > barBytes(offset >>> INDEX_SHIFT)
        || !function.mappable(indexOf(offset))) {
      throw Refused.with(Errno.EINVAL);
    }
  }

  private long barBytes(long index) {
    if (index > VFIO_PCI_BAR5_REGION_INDEX()) {
      throw Refused.with(Errno.EINVAL);
    }
    return function.barBytes((int) index);
  }

  private static int width(long at, long left) {
    for (int bytes = Long.BYTES; bytes > 1; bytes /= 2) {
      if (left >= bytes && at % bytes == 0) {
        return bytes;
      }
    }
    return 1;
  }

  private static long get(MemorySegment buffer, long at, int bytes) {
    long value = 0;
    for (int i = 0; i < bytes; i++) {
      value |= (buffer.get(ValueLayout.JAVA_BYTE, at + i) & 0xffL) << (8 * i);
    }
    return value;
  }

  private static void put(MemorySegment buffer, long at, int bytes, long value) {
    for (int i = 0; i < bytes; i++) {
      buffer.set(ValueLayout.JAVA_BYTE, at + i, (byte) (value >> (8 * i)));
    }
  }

  /** Ends a mapping that {@link #map} made. */
  public void unmap(MemorySegment mapping) {
    function.windows().unmap(mapping);
  }
}
