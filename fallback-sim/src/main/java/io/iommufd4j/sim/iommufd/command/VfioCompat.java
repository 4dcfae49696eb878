// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd.command;

import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.bindings.vfio.vfio_iommu_type1_dma_map;
import io.iommufd4j.bindings.vfio.vfio_iommu_type1_dma_unmap;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.FileKind;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.sim.iommu.PagingDomain;
import io.iommufd4j.sim.iommufd.Ioas;
import io.iommufd4j.sim.iommufd.IommufdContext;
import io.iommufd4j.sim.iommufd.ioas.PagesSlice;
import io.iommufd4j.sim.iommufd.ioas.Unmapping;
import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.MemorySegment;

/**
 * The requests of VFIO's type 1 container on the same file ({@code iommufd_vfio_ioctl}). They work
 * on the IOAS that {@code IOMMU_VFIO_IOAS} named, and are refused with ENODEV without one.
 */
final class VfioCompat {

  private VfioCompat() {}

  /**
   * Answers a request.
   *
   * @throws Refused ENOTTY for an unknown one
   */
  static int ioctl(IommufdContext context, int number, long argument) {
    Request request = Request.find(number, FileKind.VFIO_CONTAINER).orElse(null);
    switch (request) {
      case VFIO_GET_API_VERSION -> {
        return vfio_h.VFIO_API_VERSION();
      }
      case VFIO_SET_IOMMU -> setIommu(context, argument);
      case VFIO_CHECK_EXTENSION -> {
        return checkExtension(context, argument) ? 1 : 0;
      }
      case VFIO_IOMMU_GET_INFO -> VfioCompatInfo.get(context, argument);
      case VFIO_IOMMU_MAP_DMA -> map(context, argument);
      case VFIO_IOMMU_UNMAP_DMA -> unmap(context, argument);
      case null, default -> throw Refused.with(Errno.ENOTTY);
    }
    return 0;
  }

  /**
   * EINVAL for any type but the two of type 1, of which the first unmaps page by page; with devices
   * that have no IOMMU for any but none, and EPERM for none without {@code CAP_SYS_RAWIO}.
   */
  private static void setIommu(IommufdContext context, long type) {
    boolean without = context.isWithoutIommu();
    if (without && type == vfio_h.VFIO_NOIOMMU_IOMMU()) {
      if (!context.accounting().privileged()) {
        throw Refused.with(Errno.EPERM);
      }
      return;
    }
    boolean known = type == vfio_h.VFIO_TYPE1_IOMMU() || type == vfio_h.VFIO_TYPE1v2_IOMMU();
    if (without || !known) {
      throw Refused.with(Errno.EINVAL);
    }
    Ioas ioas = context.getCompatibleIoas();
    try {
      if (type == vfio_h.VFIO_TYPE1_IOMMU()) {
        ioas.table.largePages(false);
      }
    } finally {
      context.objects().put(ioas);
    }
  }

  private static boolean checkExtension(IommufdContext context, long extension) {
    boolean type1 =
        extension == vfio_h.VFIO_TYPE1_IOMMU()
            || extension == vfio_h.VFIO_TYPE1v2_IOMMU()
            || extension == vfio_h.VFIO_UNMAP_ALL();
    return (type1 && !context.isWithoutIommu())
        || extension == vfio_h.VFIO_NOIOMMU_IOMMU()
        || (extension == vfio_h.VFIO_DMA_CC_IOMMU() && allEnforceCoherency(context));
  }

  private static boolean allEnforceCoherency(IommufdContext context) {
    Ioas ioas = context.getCompatibleIoas();
    try (var _ = ioas.lock.guard()) {
      return ioas.enforcesCoherency();
    } finally {
      context.objects().put(ioas);
    }
  }

  /** EFAULT, EINVAL for a short structure or unknown flags, ENODEV, then as a fixed map. */
  private static void map(IommufdContext context, long address) {
    MemorySegment block = block(vfio_iommu_type1_dma_map.sizeof());
    context.memory().copyIn(address, block);
    int flags = vfio_iommu_type1_dma_map.flags(block);
    requireArguments(
        vfio_iommu_type1_dma_map.argsz(block),
        block.byteSize(),
        flags & ~(vfio_h.VFIO_DMA_MAP_FLAG_READ() | vfio_h.VFIO_DMA_MAP_FLAG_WRITE()));
    boolean writes = (flags & vfio_h.VFIO_DMA_MAP_FLAG_WRITE()) != 0;
    boolean reads = (flags & vfio_h.VFIO_DMA_MAP_FLAG_READ()) != 0;
    int protection = (writes ? PagingDomain.WRITE : 0) | (reads ? PagingDomain.READ : 0);
    long from = vfio_iommu_type1_dma_map.vaddr(block);
    long length = vfio_iommu_type1_dma_map.size(block);
    long iova = vfio_iommu_type1_dma_map.iova(block);
    Ioas ioas = context.getCompatibleIoas();
    try {
      PagesSlice slice = PagesSlice.ofUser(context.pagesOwner(), from, length, writes);
      try {
        ioas.table.map(slice, length, true, iova, protection);
      } catch (Refused refused) {
        PagesSlice.putAll(slice);
        throw refused;
      }
    } finally {
      context.objects().put(ioas);
    }
  }

  /**
   * EFAULT, EINVAL for a short structure, unknown flags, or all with a range, ENODEV, then as an
   * unmap. The bytes unmapped are written back, also when it was refused half-way.
   */
  private static void unmap(IommufdContext context, long address) {
    MemorySegment block = block(vfio_iommu_type1_dma_unmap.sizeof());
    context.memory().copyIn(address, block);
    int flags = vfio_iommu_type1_dma_unmap.flags(block);
    requireArguments(
        vfio_iommu_type1_dma_unmap.argsz(block),
        block.byteSize(),
        flags & ~vfio_h.VFIO_DMA_UNMAP_FLAG_ALL());
    long iova = vfio_iommu_type1_dma_unmap.iova(block);
    long length = vfio_iommu_type1_dma_unmap.size(block);
    Ioas ioas = context.getCompatibleIoas();
    try {
      boolean all = flags != 0;
      if (all) {
        if (iova != 0 || length != 0) {
          throw Refused.with(Errno.EINVAL);
        }
      } else if (ioas.table.smallPagesOnly()) {
        ioas.table.cutAfter(iova + length - 1);
        if (iova != 0) {
          ioas.table.cutAfter(iova - 1);
        }
      }
      long bytes = 0;
      Refused refusal = null;
      try {
        Unmapping unmapping = all ? ioas.table.unmapAll() : ioas.table.unmap(iova, length);
        try {
          unmapping.run();
        } finally {
          bytes = unmapping.bytes();
        }
      } catch (Refused refused) {
        refusal = refused;
      }
      vfio_iommu_type1_dma_unmap.size(block, bytes);
      context.memory().copyOut(address, block);
      if (refusal != null) {
        throw refusal;
      }
    } finally {
      context.objects().put(ioas);
    }
  }

  private static MemorySegment block(long bytes) {
    return MemorySegment.ofArray(new long[(int) ((bytes + 7) / 8)]).asSlice(0, bytes);
  }

  private static void requireArguments(int argsz, long minimum, int unknownFlags) {
    if (Integer.toUnsignedLong(argsz) < minimum || unknownFlags != 0) {
      throw Refused.with(Errno.EINVAL);
    }
  }
}
