// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.wire;

import io.iommufd4j.bindings.iommufd.iommu_hwpt_invalidate;
import io.iommufd4j.bindings.iommufd.iommu_ioas_copy;
import io.iommufd4j.bindings.iommufd.iommu_ioas_map;
import io.iommufd4j.bindings.iommufd.iommu_ioas_map_file;
import io.iommufd4j.bindings.iommufd.iommu_ioas_unmap;
import io.iommufd4j.bindings.iommufd.iommu_option;
import io.iommufd4j.bindings.libc.pollfd;
import io.iommufd4j.bindings.vfio.vfio_device_attach_iommufd_pt;
import io.iommufd4j.bindings.vfio.vfio_device_detach_iommufd_pt;
import io.iommufd4j.bindings.vfio.vfio_iommu_type1_dma_map;
import io.iommufd4j.bindings.vfio.vfio_iommu_type1_dma_unmap;
import io.iommufd4j.bindings.vfio.vfio_irq_set;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The blocks of the requests made often, one set for each thread, so that mapping, unmapping and
 * replacing allocate nothing. Each caller fills every field it passes, save those reserved, which
 * stay zero.
 */
public final class RequestBlocks {

  private static final PerThread<RequestBlocks> OF_THREAD = new PerThread<>(RequestBlocks::new);

  // Freed once the thread and its set are gone.
  private final Arena arena = Arena.ofAuto();

  /** {@code struct iommu_ioas_map}. */
  public final MemorySegment map = iommu_ioas_map.allocate(arena);

  /** {@code struct iommu_ioas_map_file}. */
  public final MemorySegment mapFile = iommu_ioas_map_file.allocate(arena);

  /** {@code struct iommu_ioas_copy}. */
  public final MemorySegment copy = iommu_ioas_copy.allocate(arena);

  /** {@code struct iommu_ioas_unmap}. */
  public final MemorySegment unmap = iommu_ioas_unmap.allocate(arena);

  /** {@code struct iommu_hwpt_invalidate}. */
  public final MemorySegment invalidate = iommu_hwpt_invalidate.allocate(arena);

  /** {@code struct iommu_option}. */
  public final MemorySegment option = iommu_option.allocate(arena);

  /** {@code struct vfio_device_attach_iommufd_pt}. */
  public final MemorySegment attach = vfio_device_attach_iommufd_pt.allocate(arena);

  /** {@code struct vfio_device_detach_iommufd_pt}. */
  public final MemorySegment detach = vfio_device_detach_iommufd_pt.allocate(arena);

  /** {@code struct vfio_iommu_type1_dma_map}. */
  public final MemorySegment type1Map = vfio_iommu_type1_dma_map.allocate(arena);

  /** {@code struct vfio_iommu_type1_dma_unmap} without a bitmap. */
  public final MemorySegment type1Unmap = vfio_iommu_type1_dma_unmap.allocate(arena);

  /** {@code struct vfio_irq_set} without data. */
  public final MemorySegment irqSet = vfio_irq_set.allocate(arena);

  /** A register of 1 byte of a device. */
  public final MemorySegment byteRegister = arena.allocate(Byte.BYTES);

  /** A register of 2 bytes of a device. */
  public final MemorySegment shortRegister = arena.allocate(Short.BYTES);

  /** A register of 4 bytes of a device. */
  public final MemorySegment intRegister = arena.allocate(Integer.BYTES);

  /** A register of 8 bytes of a device. */
  public final MemorySegment longRegister = arena.allocate(Long.BYTES, Long.BYTES);

  /** The 8 bytes that an eventfd is read and written by. */
  public final MemorySegment counter = arena.allocate(Long.BYTES, Long.BYTES);

  /** {@code struct pollfd}, to wait for one descriptor. */
  public final MemorySegment poll = pollfd.allocate(arena);

  /** {@return the set of the calling thread} */
  public static RequestBlocks ofThread() {
    return OF_THREAD.get();
  }
}
