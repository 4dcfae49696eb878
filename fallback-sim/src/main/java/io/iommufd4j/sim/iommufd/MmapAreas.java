// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.BackingFile;
import io.iommufd4j.sim.mm.UserMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel.MapMode;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Registers that user space can map through a context's file, by offset ({@code
 * iommufd_ctx::mt_mmap}). While somebody has them mapped their owner is needed. Guarded by itself.
 */
public final class MmapAreas {

  /** One of them ({@code struct iommufd_mmap}). */
  private record Area(IommufdObject owner, BackingFile file, long bytes) {}

  private final ObjectTable objects;
  private final TreeMap<Long, Area> areas = new TreeMap<>();
  private final IdentityHashMap<MemorySegment, IommufdObject> mapped = new IdentityHashMap<>();

  MmapAreas(ObjectTable objects) {
    this.objects = objects;
  }

  /**
   * {@code iommufd_alloc_mmap}: the lowest offset from the second page on at which the area fits.
   *
   * @throws Refused EINVAL for no bytes or a part of a page, ENOMEM
   */
  public synchronized long add(IommufdObject owner, BackingFile file, long bytes) {
    if (bytes == 0 || bytes % UserMemory.PAGE_SIZE != 0) {
      throw Refused.with(Errno.EINVAL);
    }
    objects.faults().alloc(); // The area.
    objects.faults().alloc(); // Its place in the tree.
    long offset = UserMemory.PAGE_SIZE;
    for (Map.Entry<Long, Area> next : areas.entrySet()) {
      if (next.getKey() - offset >= bytes) {
        break;
      }
      offset = next.getKey() + next.getValue().bytes();
    }
    areas.put(offset, new Area(owner, file, bytes));
    return offset;
  }

  /** {@code iommufd_destroy_mmap}. */
  public synchronized void remove(long offset) {
    areas.remove(offset);
  }

  /**
   * {@code iommufd_fops_mmap}, the checks of its flags apart: an area whole or not at all.
   *
   * @throws Refused ENXIO where no area is, or not this one from its first byte to its last
   */
  synchronized MemorySegment map(long bytes, long offset, boolean writable) {
    Area area = areas.get(offset);
    if (area == null || area.bytes() != bytes || !objects.tryAddUser(area.owner())) {
      throw Refused.with(Errno.ENXIO);
    }
    // Not freed at once: a program may touch what it mapped after the kernel has ended.
    MapMode mode = writable ? MapMode.READ_WRITE : MapMode.READ_ONLY;
    MemorySegment mapping = area.file().map(mode, 0, bytes, Arena.ofAuto());
    mapped.put(mapping, area.owner());
    return mapping;
  }

  /** {@code iommufd_fops_vma_close}. */
  synchronized void unmapped(MemorySegment mapping) {
    @Nullable IommufdObject owner = mapped.remove(mapping);
    if (owner != null) {
      objects.removeUsers(owner, 1);
    }
  }
}
