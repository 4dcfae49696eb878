// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.vfio.type1;

import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_DMA_MAP_FLAG_READ;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_DMA_MAP_FLAG_VADDR;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_DMA_MAP_FLAG_WRITE;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_DMA_UNMAP_FLAG_ALL;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_DMA_UNMAP_FLAG_VADDR;

import io.iommufd4j.bindings.vfio.vfio_bitmap;
import io.iommufd4j.bindings.vfio.vfio_iommu_type1_dma_map;
import io.iommufd4j.bindings.vfio.vfio_iommu_type1_dma_unmap;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.sim.iommu.PagingDomain;
import io.iommufd4j.sim.lib.Behavior;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.UserBlock;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** The requests to a type 1 IOMMU, decoded ({@code vfio_iommu_type1_ioctl}). */
final class Type1Requests {

  private final Type1Iommu iommu;
  private final Type1DirtyPages dirtyPages;
  private final Type1Capabilities capabilities;

  Type1Requests(Type1Iommu iommu) {
    this.iommu = iommu;
    this.dirtyPages = new Type1DirtyPages(iommu, this);
    this.capabilities = new Type1Capabilities(iommu);
  }

  int ioctl(Request request, long argument) {
    switch (request) {
      case VFIO_CHECK_EXTENSION -> {
        return iommu.has(argument) ? 1 : 0;
      }
      case VFIO_IOMMU_GET_INFO -> capabilities.info(argument);
      case VFIO_IOMMU_MAP_DMA -> map(argument);
      case VFIO_IOMMU_UNMAP_DMA -> unmap(argument);
      case VFIO_IOMMU_DIRTY_PAGES -> dirtyPages.request(argument);
      default -> throw Refused.with(Errno.ENOTTY);
    }
    return 0;
  }

  /** EFAULT, EINVAL, EOVERFLOW; then as {@link Type1Iommu#map}. */
  private void map(long argument) {
    var block = new UserBlock(iommu.memory(), argument);
    MemorySegment map = block.take(Request.VFIO_IOMMU_MAP_DMA);
    int flags = vfio_iommu_type1_dma_map.flags(map);
    long iova = vfio_iommu_type1_dma_map.iova(map);
    long address = vfio_iommu_type1_dma_map.vaddr(map);
    long bytes = vfio_iommu_type1_dma_map.size(map);
    boolean reads = (flags & VFIO_DMA_MAP_FLAG_READ()) != 0;
    boolean writes = (flags & VFIO_DMA_MAP_FLAG_WRITE()) != 0;
    boolean gives = (flags & VFIO_DMA_MAP_FLAG_VADDR()) != 0;
    int known = VFIO_DMA_MAP_FLAG_READ() | VFIO_DMA_MAP_FLAG_WRITE() | VFIO_DMA_MAP_FLAG_VADDR();
    if ((flags & ~known) != 0 || bytes == 0) {
      throw Refused.with(Errno.EINVAL);
    }
    last(iova, bytes);
    last(address, bytes);
    if ((reads || writes) == gives) {
      throw Refused.with(Errno.EINVAL);
    }
    if (gives) {
      iommu.giveAddress(iova, address, bytes);
      return;
    }
    int protection = (writes ? PagingDomain.WRITE : 0) | (reads ? PagingDomain.READ : 0);
    iommu.map(iova, address, bytes, protection, writes);
  }

  /** {@code vfio_iommu_type1_unmap_dma}: EFAULT, EINVAL, EOVERFLOW. */
  private void unmap(long argument) {
    var block = new UserBlock(iommu.memory(), argument);
    long size = vfio_iommu_type1_dma_unmap.sizeof();
    MemorySegment unmap = block.take(Request.VFIO_IOMMU_UNMAP_DMA, vfio_bitmap.sizeof());
    int flags = vfio_iommu_type1_dma_unmap.flags(unmap);
    boolean bitmap = (flags & VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP()) != 0;
    boolean all = (flags & VFIO_DMA_UNMAP_FLAG_ALL()) != 0;
    boolean addresses = (flags & VFIO_DMA_UNMAP_FLAG_VADDR()) != 0;
    int known =
        VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP()
            | VFIO_DMA_UNMAP_FLAG_ALL()
            | VFIO_DMA_UNMAP_FLAG_VADDR();
    if ((flags & ~known) != 0 || (bitmap && (all || addresses))) {
      throw Refused.with(Errno.EINVAL);
    }
    long bytes = vfio_iommu_type1_dma_unmap.size(unmap);
    @Nullable DirtyBits bits = null;
    if (bitmap) {
      long whole = size + vfio_bitmap.sizeof();
      if (Integer.toUnsignedLong(vfio_iommu_type1_dma_unmap.argsz(unmap)) < whole) {
        throw Refused.with(Errno.EINVAL);
      }
      block.copyIn(unmap, size, whole);
      bits = DirtyBits.of(iommu.memory(), unmap.asSlice(size, vfio_bitmap.sizeof()), bytes);
    }
    long unmapped = unmap(vfio_iommu_type1_dma_unmap.iova(unmap), bytes, all, addresses, bits);
    vfio_iommu_type1_dma_unmap.size(unmap, unmapped);
    block.copyOut(unmap, size);
  }

  private long unmap(
      long iova, long bytes, boolean all, boolean addresses, @Nullable DirtyBits bits) {
    long page = iommu.smallestPage();
    boolean empty = bytes == 0;
    if ((iova & (page - 1)) != 0
        || (all ? iova != 0 || !empty : empty || (bytes & (page - 1)) != 0)) {
      throw Refused.with(Errno.EINVAL);
    }
    long last = all ? -1 : last(iova, bytes);
    if (bits != null && (!iommu.tracksDirty() || bits.page() != page)) {
      throw Refused.with(Errno.EINVAL);
    }
    if (addresses) {
      return iommu.takeAddresses(iova, last);
    }
    return iommu.unmap(
        iova,
        last,
        mapping -> {
          if (bits != null) {
            bits.set(mapping.iova - iova, mapping.bytes);
          }
        });
  }

  /** The last byte of a range; EOVERFLOW when it wraps. */
  long last(long first, long bytes) {
    long last = first + bytes - 1;
    if (Long.compareUnsigned(last, first) < 0) {
      boolean tells = iommu.release().has(Behavior.OVERFLOW_IN_TYPE1);
      throw Refused.with(tells ? Errno.EOVERFLOW : Errno.EINVAL);
    }
    return last;
  }
}
