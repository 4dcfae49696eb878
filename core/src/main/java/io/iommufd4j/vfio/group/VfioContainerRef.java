// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.vfio.group;

import io.iommufd4j.DirtyBitmap;
import io.iommufd4j.IommufdRef;
import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.bindings.vfio.vfio_iommu_type1_dma_map;
import io.iommufd4j.bindings.vfio.vfio_iommu_type1_dma_unmap;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.uapi.Access;
import io.iommufd4j.wire.KernelFile;
import io.iommufd4j.wire.RequestBlocks;
import java.lang.foreign.MemorySegment;

/**
 * A VFIO container that somebody else owns: an I/O address space that groups share, and what their
 * devices see in it.
 *
 * <p>First a group is put into it, then the type of its IOMMU is chosen, and from then on memory is
 * mapped and devices are opened from the groups. When the last group leaves, the type and all
 * mappings go.
 *
 * <p>An iommufd serves as one too ({@link #of(IommufdRef)}): what is mapped is then in the IOAS
 * that the kernel keeps for this ({@code IOMMU_VFIO_IOAS}).
 *
 * <p>Addresses, IOVAs and lengths are unsigned 64-bit numbers, in bytes. {@code map} and {@code
 * unmap} allocate nothing on the Java heap on a host's own kernel. Any thread may use it at any
 * time.
 */
public sealed class VfioContainerRef permits VfioContainer {

  private final KernelFile file;

  VfioContainerRef(KernelFile file) {
    this.file = file;
  }

  /**
   * Uses a container and leaves it to its owner to close.
   *
   * @param kernel the kernel that the descriptor belongs to
   * @param fd an open {@code /dev/vfio/vfio} or {@code /dev/iommu}
   * @return the container
   */
  public static VfioContainerRef of(Kernel kernel, int fd) {
    return new VfioContainerRef(new KernelFile(kernel, fd));
  }

  /**
   * Uses an iommufd as a container, by the kernel's own VFIO compatibility. Putting a group into it
   * makes its IOAS; before that nothing is mapped.
   *
   * @param iommufd open
   * @return the container, which lasts as long as the iommufd
   */
  public static VfioContainerRef of(IommufdRef iommufd) {
    return of(iommufd.kernel(), iommufd.fd());
  }

  /** {@return the kernel that answers} */
  public final Kernel kernel() {
    return file.kernel();
  }

  /**
   * {@return the descriptor, which stays this object's}
   *
   * @throws IllegalStateException when closed
   */
  public final int fd() {
    return file.fd();
  }

  final KernelFile file() {
    return file;
  }

  /** {@return the version of VFIO's interface ({@code VFIO_GET_API_VERSION}): 0} */
  public final int apiVersion() {
    return file.ioctl(Request.VFIO_GET_API_VERSION, MemorySegment.NULL, null);
  }

  /**
   * {@return true if a type of IOMMU can be chosen ({@code VFIO_CHECK_EXTENSION}); once one is
   * chosen, if it is of that kind}
   *
   * @param type any
   */
  public final boolean supports(IommuType type) {
    return extension(type.number());
  }

  /** {@return true if DMA is coherent with the caches whatever a device asks for} */
  public final boolean enforcesCoherency() {
    return extension(vfio_h.VFIO_DMA_CC_IOMMU());
  }

  /** {@return true if {@link #unmapAll} works} */
  public final boolean unmapsAll() {
    return extension(vfio_h.VFIO_UNMAP_ALL());
  }

  /** {@return true if {@link #takeAddress} and {@link #giveAddress} work} */
  public final boolean updatesAddresses() {
    return extension(vfio_h.VFIO_UPDATE_VADDR());
  }

  private boolean extension(int number) {
    MemorySegment argument = MemorySegment.ofAddress(number);
    return file.ioctl(Request.VFIO_CHECK_EXTENSION, argument, null) > 0;
  }

  /**
   * Chooses the type of the IOMMU ({@code VFIO_SET_IOMMU}).
   *
   * @param type that {@link #supports} holds for
   * @throws KernelException {@code EINVAL} without a group in the container, or when one is chosen
   *     already; {@code ENODEV} for a type that the kernel lacks or that does not fit; {@code
   *     EPERM} when interrupts are not isolated, or without {@code CAP_SYS_RAWIO} where nothing is
   *     translated
   */
  public final void setIommu(IommuType type) {
    call(Request.VFIO_SET_IOMMU, MemorySegment.ofAddress(type.number()));
  }

  /**
   * {@return what the IOMMU can do and has left ({@code VFIO_IOMMU_GET_INFO})}
   *
   * @throws KernelException {@code EINVAL} before one is chosen
   */
  public final ContainerInfo info() {
    return ContainerInfo.read(file);
  }

  /**
   * Maps memory for the devices of all groups ({@code VFIO_IOMMU_MAP_DMA}).
   *
   * @param memory a native segment; {@link io.iommufd4j.DmaBuffer} gives one
   * @param iova a multiple of the page size
   * @param access the DMA that devices may do there
   * @see #map(long, long, long, Access)
   */
  public final void map(MemorySegment memory, long iova, Access access) {
    map(memory.address(), memory.byteSize(), iova, access);
  }

  /**
   * Maps memory for the devices of all groups ({@code VFIO_IOMMU_MAP_DMA}). Its pages are pinned.
   *
   * @param address a multiple of the page size
   * @param length bytes, a multiple of the page size
   * @param iova a multiple of the page size
   * @param access the DMA that devices may do there
   * @throws KernelException {@code EEXIST} when something is mapped there; {@code EINVAL} for what
   *     is no multiple of the page size, an IOVA outside of {@link ContainerInfo#ranges}, or before
   *     an IOMMU is chosen; {@code EFAULT} for memory that is not there or cannot be written;
   *     {@code ENOMEM} beyond {@code RLIMIT_MEMLOCK}; {@code ENOSPC} beyond {@link
   *     ContainerInfo#freeMappings}; {@code EOVERFLOW}
   */
  public final void map(long address, long length, long iova, Access access) {
    map(address, length, iova, flags(access));
  }

  private static int flags(Access access) {
    return switch (access) {
      case READ -> vfio_h.VFIO_DMA_MAP_FLAG_READ();
      case WRITE -> vfio_h.VFIO_DMA_MAP_FLAG_WRITE();
      case READ_WRITE -> vfio_h.VFIO_DMA_MAP_FLAG_READ() | vfio_h.VFIO_DMA_MAP_FLAG_WRITE();
    };
  }

  private void map(long address, long length, long iova, int flags) {
    MemorySegment block = RequestBlocks.ofThread().type1Map;
    vfio_iommu_type1_dma_map.argsz(block, (int) block.byteSize());
    vfio_iommu_type1_dma_map.flags(block, flags);
    vfio_iommu_type1_dma_map.vaddr(block, address);
    vfio_iommu_type1_dma_map.iova(block, iova);
    vfio_iommu_type1_dma_map.size(block, length);
    call(Request.VFIO_IOMMU_MAP_DMA, block);
  }

  /**
   * Takes mappings of a range down ({@code VFIO_IOMMU_UNMAP_DMA}).
   *
   * @param iova a multiple of the page size
   * @param length bytes, a multiple of the page size
   * @return bytes that were mapped; 0 when nothing was
   * @throws KernelException {@code EINVAL} when the range cuts a mapping in two (not of {@link
   *     IommuType#TYPE1}), or is no multiple of the page size; {@code EOVERFLOW}
   */
  public final long unmap(long iova, long length) {
    return unmap(iova, length, 0);
  }

  /**
   * Takes all mappings down ({@code VFIO_DMA_UNMAP_FLAG_ALL}).
   *
   * @return bytes that were mapped
   * @throws KernelException {@code EINVAL} where {@link #unmapsAll} does not hold
   */
  public final long unmapAll() {
    return unmap(0, 0, vfio_h.VFIO_DMA_UNMAP_FLAG_ALL());
  }

  /**
   * Takes the addresses of mappings away, which stay as they are for devices ({@code
   * VFIO_DMA_UNMAP_FLAG_VADDR}). The process may then exec, and give other addresses for the same
   * memory.
   *
   * @param iova start of a mapping
   * @param length bytes of whole mappings
   * @return bytes of the mappings
   * @throws KernelException {@code EINVAL} when one has none, the range cuts one in two, or {@link
   *     #updatesAddresses} does not hold; {@code EBUSY} with a mediated device in the container
   */
  public final long takeAddress(long iova, long length) {
    return unmap(iova, length, vfio_h.VFIO_DMA_UNMAP_FLAG_VADDR());
  }

  /**
   * Gives a mapping without an address one for the same memory ({@code VFIO_DMA_MAP_FLAG_VADDR}).
   *
   * @param iova start of the mapping
   * @param length bytes of all of it
   * @param address where the memory is now
   * @throws KernelException {@code ENOENT} without such a mapping; {@code EINVAL} when it has an
   *     address, or another length
   */
  public final void giveAddress(long iova, long length, long address) {
    map(address, length, iova, vfio_h.VFIO_DMA_MAP_FLAG_VADDR());
  }

  private long unmap(long iova, long length, int flags) {
    MemorySegment block = RequestBlocks.ofThread().type1Unmap;
    vfio_iommu_type1_dma_unmap.argsz(block, (int) block.byteSize());
    vfio_iommu_type1_dma_unmap.flags(block, flags);
    vfio_iommu_type1_dma_unmap.iova(block, iova);
    vfio_iommu_type1_dma_unmap.size(block, length);
    call(Request.VFIO_IOMMU_UNMAP_DMA, block);
    return vfio_iommu_type1_dma_unmap.size(block);
  }

  /**
   * Starts to note which pages DMA may have written ({@code VFIO_IOMMU_DIRTY_PAGES}). Without help
   * of the device every page that is mapped counts as written.
   *
   * @throws KernelException {@code EINVAL} before an IOMMU is chosen; {@code EACCES} of {@link
   *     IommuType#TYPE1}; {@code ENOMEM}; {@code ENOTTY} of an iommufd
   */
  public final void startDirtyTracking() {
    new DirtyPages(file).start();
  }

  /**
   * Stops to note which pages DMA may have written. Harmless when it does not.
   *
   * @throws KernelException as {@link #startDirtyTracking}
   */
  public final void stopDirtyTracking() {
    new DirtyPages(file).stop();
  }

  /**
   * Reads the pages of whole mappings that DMA may have written, and starts anew with them.
   *
   * @param iova start of a mapping
   * @param length bytes of whole mappings
   * @param pageSize bytes of a page of the bitmap, the smallest that the IOMMU maps by
   * @return which pages
   * @throws KernelException {@code EINVAL} when nothing is tracked, the range cuts a mapping in
   *     two, or for another page size; {@code ENOTTY} of an iommufd
   */
  public final DirtyBitmap dirtyBitmap(long iova, long length, long pageSize) {
    return new DirtyPages(file).read(iova, length, pageSize);
  }

  /**
   * Takes mappings of a range down, and reads which of their pages DMA may have written until then
   * ({@code VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP}).
   *
   * @param iova start of a mapping
   * @param length bytes of whole mappings
   * @param pageSize bytes of a page of the bitmap, the smallest that the IOMMU maps by
   * @return which pages
   * @throws KernelException as {@link #dirtyBitmap}
   */
  public final DirtyBitmap unmapWithDirtyBitmap(long iova, long length, long pageSize) {
    return new DirtyPages(file).unmap(iova, length, pageSize);
  }

  /**
   * Makes a request with a block of the caller's, for what this version has no method for.
   *
   * @param request one that a VFIO container answers
   * @param block its struct, native memory with its {@code argsz} filled in, or its other argument
   * @return what the kernel answered, ≥ 0
   * @throws KernelException with the errno and a hint
   */
  public final int request(Request request, MemorySegment block) {
    return call(request, block);
  }

  private int call(Request request, MemorySegment block) {
    int result = file.tryIoctl(request, block);
    if (result < 0) {
      throw file.refused(request, result, null, new ContainerHint(this, request));
    }
    return result;
  }
}
