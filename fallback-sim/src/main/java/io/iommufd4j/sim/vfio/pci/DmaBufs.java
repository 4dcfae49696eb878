// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.vfio.pci;

import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_PCI_ROM_REGION_INDEX;

import io.iommufd4j.bindings.vfio.vfio_device_feature_dma_buf;
import io.iommufd4j.bindings.vfio.vfio_region_dma_range;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.Registers;
import io.iommufd4j.sim.mm.UserBlock;
import io.iommufd4j.sim.mm.UserMemory;
import io.iommufd4j.sim.pci.PciFunction;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** {@code VFIO_DEVICE_FEATURE_DMA_BUF}: the dma-bufs that a device has exported. */
public final class DmaBufs {

  /** {@code KMALLOC_MAX_SIZE}: what the kernel copies in at once. */
  private static final long MOST_RANGES = (4 << 20) / vfio_region_dma_range.sizeof();

  private final PciFunction function;
  private final UserSpace user;
  private final OpenConfig config;
  private final Registration registration;
  private final List<VfioDmaBuf> exported = new CopyOnWriteArrayList<>();

  /**
   * None yet.
   *
   * @param registration has a use for each that is exported, until it is done with
   */
  public DmaBufs(
      PciFunction function, UserSpace user, OpenConfig config, Registration registration) {
    this.function = function;
    this.user = user;
    this.config = config;
    this.registration = registration;
  }

  /**
   * {@code vfio_pci_core_feature_dma_buf}: EFAULT; EINVAL for flags, no range, ranges that are not
   * whole pages or beyond the BAR; ENODEV for what is no BAR; EOVERFLOW, ENOMEM.
   *
   * @param data address of the request's data
   * @return the new descriptor
   */
  int export(long data) {
    MemorySegment asked = UserBlock.room(vfio_device_feature_dma_buf.sizeof());
    user.memory().copyIn(data, asked);
    int count = vfio_device_feature_dma_buf.nr_ranges(asked);
    if (count == 0 || vfio_device_feature_dma_buf.flags(asked) != 0) {
      throw Refused.with(Errno.EINVAL);
    }
    int index = vfio_device_feature_dma_buf.region_index(asked);
    if (Integer.compareUnsigned(index, VFIO_PCI_ROM_REGION_INDEX()) >= 0
        || function.barBytes(index) == 0) {
      throw Refused.with(Errno.ENODEV);
    }
    if (Integer.compareUnsigned(count, (int) MOST_RANGES) > 0) {
      throw Refused.with(Errno.ENOMEM);
    }
    MemorySegment ranges = UserBlock.room(count * vfio_region_dma_range.sizeof());
    user.memory().copyIn(data + vfio_device_feature_dma_buf.sizeof(), ranges);
    requireWholePages(ranges, count);
    var buffer = new VfioDmaBuf(this, pieces(index, ranges, count), !config.decodesMemory());
    registration.get();
    exported.add(buffer);
    return user.files().open(buffer, vfio_device_feature_dma_buf.open_flags(asked));
  }

  private static void requireWholePages(MemorySegment ranges, int count) {
    long total = 0;
    for (int i = 0; i < count; i++) {
      MemorySegment range = vfio_region_dma_range.asSlice(ranges, i);
      long bytes = vfio_region_dma_range.length(range);
      long bits = bytes | vfio_region_dma_range.offset(range);
      total += bytes;
      if (bytes == 0
          || bits % UserMemory.PAGE_SIZE != 0
          || Long.compareUnsigned(total, bytes) < 0) {
        throw Refused.with(Errno.EINVAL);
      }
    }
    if (total < 0) {
      throw Refused.with(Errno.EINVAL);
    }
  }

  private List<VfioDmaBuf.Piece> pieces(int index, MemorySegment ranges, int count) {
    long start = registers(index);
    long end = start + function.barBytes(index);
    var pieces = new ArrayList<VfioDmaBuf.Piece>();
    for (int i = 0; i < count; i++) {
      MemorySegment range = vfio_region_dma_range.asSlice(ranges, i);
      long bytes = vfio_region_dma_range.length(range);
      long first = start + vfio_region_dma_range.offset(range);
      if (Long.compareUnsigned(first, start) < 0
          || Long.compareUnsigned(first + bytes, first) < 0) {
        throw Refused.with(Errno.EOVERFLOW);
      }
      if (Long.compareUnsigned(first + bytes, end) > 0) {
        throw Refused.with(Errno.EINVAL);
      }
      pieces.add(new VfioDmaBuf.Piece(first, bytes));
    }
    return pieces;
  }

  /** The physical address of a BAR's registers, at which other devices reach them from now on. */
  public long registers(int bar) {
    long start = UserMemory.REGISTERS | function.barBase(bar);
    placeRegisters(bar, start);
    return start;
  }

  private void placeRegisters(int bar, long start) {
    var registers =
        new Registers() {
          @Override
          public long read(long at, int bytes) {
            return function.readBar(bar, at, bytes);
          }

          @Override
          public void write(long at, int bytes, long value) {
            function.store(bar, at, bytes, value);
          }
        };
    user.memory().placeRegisters(start, function.barBytes(bar), registers);
  }

  /** {@code vfio_pci_dma_buf_move}: takes all back. */
  public void revoke() {
    exported.forEach(VfioDmaBuf::revoke);
  }

  /** The same, undone where the device answers memory accesses. */
  public void restore() {
    if (config.decodesMemory()) {
      exported.forEach(VfioDmaBuf::restore);
    }
  }

  /** {@code vfio_pci_dma_buf_release}. */
  void forget(VfioDmaBuf buffer) {
    exported.remove(buffer);
    registration.put();
  }

  /** {@code vfio_pci_dma_buf_cleanup}: what the last close leaves. */
  public void clear() {
    for (VfioDmaBuf buffer : exported) {
      buffer.revoke();
      if (buffer.leaveDevice()) {
        forget(buffer);
      }
    }
  }
}
