// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.vfio.group;

import io.iommufd4j.DirtyBitmap;
import io.iommufd4j.bindings.vfio.vfio_bitmap;
import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.bindings.vfio.vfio_iommu_type1_dirty_bitmap;
import io.iommufd4j.bindings.vfio.vfio_iommu_type1_dirty_bitmap_get;
import io.iommufd4j.bindings.vfio.vfio_iommu_type1_dma_unmap;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.wire.KernelFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * {@code VFIO_IOMMU_DIRTY_PAGES}, and the unmap that reads a bitmap as well.
 *
 * @param file a container's descriptor
 */
record DirtyPages(KernelFile file) {

  /** The bitmap lies behind its description in one block, so that all the kernel writes is lent. */
  private record Bitmap(MemorySegment description, long iova, long pageSize, int pages) {

    static long bytes(int pages) {
      return vfio_bitmap.sizeof() + words(pages) * Long.BYTES;
    }

    private static long words(int pages) {
      return Math.ceilDiv(pages, Long.SIZE);
    }

    void describe() {
      long words = words(pages);
      vfio_bitmap.pgsize(description, pageSize);
      vfio_bitmap.size(description, words * Long.BYTES);
      vfio_bitmap.data(description, data());
    }

    private MemorySegment data() {
      return description.asSlice(vfio_bitmap.sizeof(), words(pages) * Long.BYTES);
    }

    DirtyBitmap decode() {
      return new DirtyBitmap(iova, pageSize, pages, data().toArray(ValueLayout.JAVA_LONG));
    }
  }

  void start() {
    set(vfio_h.VFIO_IOMMU_DIRTY_PAGES_FLAG_START());
  }

  void stop() {
    set(vfio_h.VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP());
  }

  private void set(int flags) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment block = vfio_iommu_type1_dirty_bitmap.allocate(arena);
      vfio_iommu_type1_dirty_bitmap.argsz(block, (int) block.byteSize());
      vfio_iommu_type1_dirty_bitmap.flags(block, flags);
      file.ioctl(Request.VFIO_IOMMU_DIRTY_PAGES, block, null);
    }
  }

  DirtyBitmap read(long iova, long length, long pageSize) {
    try (Arena arena = Arena.ofConfined()) {
      int pages = pages(length, pageSize);
      long header = vfio_iommu_type1_dirty_bitmap.sizeof();
      long at = header + vfio_iommu_type1_dirty_bitmap_get.bitmap$offset();
      MemorySegment block = arena.allocate(at + Bitmap.bytes(pages), Long.BYTES);
      MemorySegment get = block.asSlice(header);
      vfio_iommu_type1_dirty_bitmap.argsz(
          block, (int) (header + vfio_iommu_type1_dirty_bitmap_get.sizeof()));
      vfio_iommu_type1_dirty_bitmap.flags(block, vfio_h.VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP());
      vfio_iommu_type1_dirty_bitmap_get.iova(get, iova);
      vfio_iommu_type1_dirty_bitmap_get.size(get, length);
      var bitmap = new Bitmap(block.asSlice(at), iova, pageSize, pages);
      bitmap.describe();
      file.ioctl(Request.VFIO_IOMMU_DIRTY_PAGES, block, null);
      return bitmap.decode();
    }
  }

  DirtyBitmap unmap(long iova, long length, long pageSize) {
    try (Arena arena = Arena.ofConfined()) {
      int pages = pages(length, pageSize);
      long header = vfio_iommu_type1_dma_unmap.sizeof();
      MemorySegment block = arena.allocate(header + Bitmap.bytes(pages), Long.BYTES);
      vfio_iommu_type1_dma_unmap.argsz(block, (int) (header + vfio_bitmap.sizeof()));
      vfio_iommu_type1_dma_unmap.flags(block, vfio_h.VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP());
      vfio_iommu_type1_dma_unmap.iova(block, iova);
      vfio_iommu_type1_dma_unmap.size(block, length);
      var bitmap = new Bitmap(block.asSlice(header), iova, pageSize, pages);
      bitmap.describe();
      file.ioctl(Request.VFIO_IOMMU_UNMAP_DMA, block, null);
      return bitmap.decode();
    }
  }

  private static int pages(long length, long pageSize) {
    return Math.toIntExact(Long.divideUnsigned(length, pageSize));
  }
}
