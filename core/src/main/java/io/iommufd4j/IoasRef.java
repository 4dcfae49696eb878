// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j;

import io.iommufd4j.bindings.iommufd.iommu_ioas_allow_iovas;
import io.iommufd4j.bindings.iommufd.iommu_ioas_copy;
import io.iommufd4j.bindings.iommufd.iommu_ioas_map;
import io.iommufd4j.bindings.iommufd.iommu_ioas_map_file;
import io.iommufd4j.bindings.iommufd.iommu_ioas_noiommu_get_pa;
import io.iommufd4j.bindings.iommufd.iommu_ioas_unmap;
import io.iommufd4j.bindings.iommufd.iommu_iova_range;
import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.hint.AllowHint;
import io.iommufd4j.hint.CopyHint;
import io.iommufd4j.hint.IoasFacts;
import io.iommufd4j.hint.MapFileHint;
import io.iommufd4j.hint.MapHint;
import io.iommufd4j.hint.Placement;
import io.iommufd4j.hint.UnmapHint;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.uapi.Access;
import io.iommufd4j.uapi.IoasId;
import io.iommufd4j.uapi.IovaRange;
import io.iommufd4j.uapi.IovaRanges;
import io.iommufd4j.uapi.PhysicalRange;
import io.iommufd4j.wire.IommufdCalls;
import io.iommufd4j.wire.KernelFile;
import io.iommufd4j.wire.RequestBlocks;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * An I/O address space that somebody else owns: which memory a device sees at which IOVA. Every
 * HWPT made from it, and every device attached to it, follows each change at once.
 *
 * <p>Addresses, IOVAs and lengths are unsigned 64-bit numbers, in bytes. {@code map} and {@code
 * unmap} allocate nothing on the Java heap.
 */
public sealed class IoasRef implements PageTable permits Ioas {

  private final IommufdRef iommufd;
  private final IoasId id;

  IoasRef(IommufdRef iommufd, IoasId id) {
    this.iommufd = iommufd;
    this.id = id;
  }

  @Override
  public final IoasId id() {
    return id;
  }

  @Override
  public final IommufdRef iommufd() {
    return iommufd;
  }

  /**
   * Maps memory at an IOVA of the caller's choice.
   *
   * <p>The memory must outlive the mapping as far as the program is concerned; the kernel keeps its
   * pages pinned either way.
   *
   * @param memory a native segment; {@link DmaBuffer} gives one
   * @param iova a multiple of {@link IovaRanges#alignment}
   * @param access the DMA that devices may do there
   * @see #map(long, long, long, Access)
   */
  public final void map(MemorySegment memory, long iova, Access access) {
    map(address(memory), memory.byteSize(), iova, access);
  }

  /**
   * Maps memory at an IOVA of the kernel's choice.
   *
   * @param memory a native segment; {@link DmaBuffer} gives one
   * @param access the DMA that devices may do there
   * @return the IOVA
   * @see #map(long, long, Access)
   */
  public final long map(MemorySegment memory, Access access) {
    return map(address(memory), memory.byteSize(), access);
  }

  /**
   * Maps memory at an IOVA of the caller's choice ({@code IOMMU_IOAS_MAP} with {@code FIXED_IOVA}).
   * The range must be free: a mapping is never overwritten.
   *
   * @param userAddress where the memory starts in this process
   * @param length bytes; with the IOVA a multiple of {@link IovaRanges#alignment}
   * @param iova where it starts
   * @param access the DMA that devices may do there
   * @throws KernelException {@code EEXIST} when something is mapped there; {@code EINVAL} for a
   *     length of 0, a misaligned range, or one with a reserved IOVA within; {@code EOVERFLOW} when
   *     the range wraps; {@code EFAULT} for memory that cannot be pinned (unmapped, read-only, a
   *     device BAR); {@code ENOMEM} beyond RLIMIT_MEMLOCK; {@code ENOENT} without this IOAS. The
   *     last three show only once a HWPT exists, for memory is pinned then.
   */
  public final void map(long userAddress, long length, long iova, Access access) {
    mapAt(userAddress, length, iova, access.fixedFlags());
  }

  /**
   * Maps memory at an IOVA of the kernel's choice ({@code IOMMU_IOAS_MAP}): within the allowed
   * IOVAs where some are set, outside the reserved ones, aligned as the memory is.
   *
   * @param userAddress where the memory starts in this process
   * @param length bytes, a multiple of {@link IovaRanges#alignment}
   * @param access the DMA that devices may do there
   * @return the IOVA
   * @throws KernelException {@code ENOSPC} when no free range is large enough, and as {@link
   *     #map(long, long, long, Access)}
   */
  public final long map(long userAddress, long length, Access access) {
    return mapAt(userAddress, length, 0, access.flags());
  }

  private long mapAt(long userAddress, long length, long iova, int flags) {
    MemorySegment block = RequestBlocks.ofThread().map;
    iommu_ioas_map.size(block, (int) block.byteSize());
    iommu_ioas_map.flags(block, flags);
    iommu_ioas_map.ioas_id(block, id.value());
    iommu_ioas_map.user_va(block, userAddress);
    iommu_ioas_map.length(block, length);
    iommu_ioas_map.iova(block, iova);
    int result = file().tryIoctl(Request.IOMMU_IOAS_MAP, block);
    if (result < 0) {
      throw refusedMap(result, userAddress, length, iova, flags);
    }
    return iommu_ioas_map.iova(block);
  }

  private KernelException refusedMap(
      int result, long userAddress, long length, long iova, int flags) {
    String source = "the memory's address";
    var place = new Placement(facts(), source, userAddress, length, iova, Access.isFixed(flags));
    var hint = new MapHint(place, Access.writes(flags));
    return file().refused(Request.IOMMU_IOAS_MAP, result, id, hint);
  }

  /**
   * Maps part of a file at an IOVA of the caller's choice ({@code IOMMU_IOAS_MAP_FILE} with {@code
   * FIXED_IOVA}). Unlike memory mapped by address it stays valid across exec.
   *
   * @param fd a memfd, or a dma-buf that iommufd accepts (one a VFIO PCI device exported)
   * @param start where in the file, in bytes
   * @param length bytes
   * @param iova a multiple of {@link IovaRanges#alignment}
   * @param access the DMA that devices may do there
   * @throws KernelException {@code EBADF} for a bad descriptor, {@code EINVAL} for a range outside
   *     the file or a file of another kind, and as {@link #map(long, long, long, Access)}
   */
  public final void mapFile(int fd, long start, long length, long iova, Access access) {
    mapFileAt(fd, start, length, iova, access.fixedFlags());
  }

  /**
   * Maps part of a file at an IOVA of the kernel's choice ({@code IOMMU_IOAS_MAP_FILE}).
   *
   * @param fd a memfd, or a dma-buf that iommufd accepts
   * @param start offset in the file, in bytes
   * @param length bytes
   * @param access the DMA that devices may do there
   * @return the IOVA
   * @see #mapFile(int, long, long, long, Access)
   */
  public final long mapFile(int fd, long start, long length, Access access) {
    return mapFileAt(fd, start, length, 0, access.flags());
  }

  private long mapFileAt(int fd, long start, long length, long iova, int flags) {
    MemorySegment block = RequestBlocks.ofThread().mapFile;
    iommu_ioas_map_file.size(block, (int) block.byteSize());
    iommu_ioas_map_file.flags(block, flags);
    iommu_ioas_map_file.ioas_id(block, id.value());
    iommu_ioas_map_file.fd(block, fd);
    iommu_ioas_map_file.start(block, start);
    iommu_ioas_map_file.length(block, length);
    iommu_ioas_map_file.iova(block, iova);
    int result = file().tryIoctl(Request.IOMMU_IOAS_MAP_FILE, block);
    if (result < 0) {
      String source = "the offset in the file";
      var place = new Placement(facts(), source, start, length, iova, Access.isFixed(flags));
      throw file().refused(Request.IOMMU_IOAS_MAP_FILE, result, id, new MapFileHint(place, fd));
    }
    return iommu_ioas_map_file.iova(block);
  }

  /**
   * Takes mappings down ({@code IOMMU_IOAS_UNMAP}). The range holds whole mappings: none is split.
   *
   * @param iova where the range starts
   * @param length bytes
   * @return bytes that were mapped there
   * @throws KernelException {@code ENOENT} when nothing is mapped there or the range cuts a mapping
   *     in two; {@code EOVERFLOW} when the range wraps
   */
  public final long unmap(long iova, long length) {
    MemorySegment block = RequestBlocks.ofThread().unmap;
    iommu_ioas_unmap.size(block, (int) block.byteSize());
    iommu_ioas_unmap.ioas_id(block, id.value());
    iommu_ioas_unmap.iova(block, iova);
    iommu_ioas_unmap.length(block, length);
    int result = file().tryIoctl(Request.IOMMU_IOAS_UNMAP, block);
    if (result < 0) {
      throw file()
          .refused(Request.IOMMU_IOAS_UNMAP, result, id, new UnmapHint(facts(), iova, length));
    }
    return iommu_ioas_unmap.length(block);
  }

  /**
   * Takes every mapping down ({@code IOMMU_IOAS_UNMAP} of 0 to 2⁶⁴ − 1).
   *
   * @return bytes that were mapped; 0 when nothing was
   */
  public final long unmapAll() {
    return unmap(0, -1L);
  }

  /**
   * Maps what another IOAS of the same iommufd maps, at an IOVA of the caller's choice ({@code
   * IOMMU_IOAS_COPY} with {@code FIXED_IOVA}). Pages are shared and counted once.
   *
   * @param source may be this IOAS itself
   * @param sourceIova where the range starts in the source; all of it must be mapped there
   * @param length bytes
   * @param iova where it starts here
   * @param access the DMA that devices may do there
   * @throws KernelException {@code ENOENT} when the source range is not mapped; {@code EPERM} when
   *     the device would write to memory mapped read-only at the source; and as {@link #map(long,
   *     long, long, Access)}
   */
  public final void copyFrom(
      IoasRef source, long sourceIova, long length, long iova, Access access) {
    copy(source, sourceIova, length, iova, access.fixedFlags());
  }

  /**
   * Maps what another IOAS of the same iommufd maps, at an IOVA of the kernel's choice ({@code
   * IOMMU_IOAS_COPY}).
   *
   * @param source may be this IOAS itself
   * @param sourceIova where the range starts in the source; all of it must be mapped there
   * @param length bytes
   * @param access the DMA that devices may do there
   * @return the IOVA
   * @see #copyFrom(IoasRef, long, long, long, Access)
   */
  public final long copyFrom(IoasRef source, long sourceIova, long length, Access access) {
    return copy(source, sourceIova, length, 0, access.flags());
  }

  private long copy(IoasRef source, long sourceIova, long length, long iova, int flags) {
    if (!source.file().sameAs(file())) {
      throw new IllegalArgumentException("the source lives in another iommufd: " + source);
    }
    MemorySegment block = RequestBlocks.ofThread().copy;
    iommu_ioas_copy.size(block, (int) block.byteSize());
    iommu_ioas_copy.flags(block, flags);
    iommu_ioas_copy.dst_ioas_id(block, id.value());
    iommu_ioas_copy.src_ioas_id(block, source.id.value());
    iommu_ioas_copy.length(block, length);
    iommu_ioas_copy.dst_iova(block, iova);
    iommu_ioas_copy.src_iova(block, sourceIova);
    int result = file().tryIoctl(Request.IOMMU_IOAS_COPY, block);
    if (result < 0) {
      String what = "the IOVA in the source";
      var place = new Placement(facts(), what, sourceIova, length, iova, Access.isFixed(flags));
      throw file()
          .refused(Request.IOMMU_IOAS_COPY, result, id, new CopyHint(place, source.facts()));
    }
    return iommu_ioas_copy.dst_iova(block);
  }

  /**
   * {@return the ranges that this IOAS can map now ({@code IOMMU_IOAS_IOVA_RANGES})} Ask again
   * after each attach and detach.
   *
   * @throws KernelException {@code ENOENT} without this IOAS
   */
  public final IovaRanges iovaRanges() {
    return IommufdCalls.iovaRanges(file(), id);
  }

  /**
   * The physical address of the memory mapped at an IOVA ({@code IOMMU_IOAS_NOIOMMU_GET_PA}). For
   * devices that no IOMMU translates for: these are given physical addresses, and reach every other
   * one too.
   *
   * <p>It holds for as long as the memory stays mapped here and such a device is attached, or a
   * HWPT made for one is there: until then nothing is pinned, after that the pages may be
   * anybody's.
   *
   * @param iova where the piece starts, in bytes; any but 2⁶⁴ − 1
   * @param length how many bytes are of interest, unsigned, more than 0
   * @return the piece: no longer than that, and it ends where the mapping does or where the next
   *     page lies elsewhere. Ask again for what comes after
   * @throws KernelException {@code ENOENT} when nothing is mapped there; {@code EOPNOTSUPP} when an
   *     IOMMU translates what is mapped, no device is attached, or the kernel lacks {@code
   *     CONFIG_IOMMUFD_NOIOMMU}; {@code EINVAL} for a length of 0, or a dma-buf that its device has
   *     taken back; {@code EOVERFLOW} for the last IOVA; {@code EPERM} without {@code
   *     CAP_SYS_RAWIO}; {@code ENOTTY} on a kernel before 7.3
   */
  public final PhysicalRange physicalRange(long iova, long length) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment block = iommu_ioas_noiommu_get_pa.allocate(arena);
      iommu_ioas_noiommu_get_pa.size(block, (int) block.byteSize());
      iommu_ioas_noiommu_get_pa.ioas_id(block, id.value());
      iommu_ioas_noiommu_get_pa.iova(block, iova);
      iommu_ioas_noiommu_get_pa.length(block, length);
      file().ioctl(Request.IOMMU_IOAS_NOIOMMU_GET_PA, block, id);
      return new PhysicalRange(
          iommu_ioas_noiommu_get_pa.out_phys(block), iommu_ioas_noiommu_get_pa.length(block));
    }
  }

  /**
   * Keeps ranges of IOVAs usable ({@code IOMMU_IOAS_ALLOW_IOVAS}): an attach that would reserve any
   * of them fails from now on, and the kernel places mappings only within them. Takes the place of
   * what was allowed before; an empty list lifts it.
   *
   * @param ranges disjoint, each of two bytes or more
   * @throws KernelException {@code EADDRINUSE} when a range is reserved already; {@code EINVAL}
   *     when ranges overlap
   */
  public final void allowIovas(List<IovaRange> ranges) {
    try (Arena arena = Arena.ofConfined()) {
      long header = iommu_ioas_allow_iovas.sizeof();
      MemorySegment block = IommufdCalls.withRanges(arena, header, ranges.size());
      MemorySegment array = block.asSlice(header);
      for (int i = 0; i < ranges.size(); i++) {
        MemorySegment range = iommu_iova_range.asSlice(array, i);
        iommu_iova_range.start(range, ranges.get(i).start());
        iommu_iova_range.last(range, ranges.get(i).last());
      }
      iommu_ioas_allow_iovas.size(block, (int) header);
      iommu_ioas_allow_iovas.ioas_id(block, id.value());
      iommu_ioas_allow_iovas.num_iovas(block, ranges.size());
      iommu_ioas_allow_iovas.allowed_iovas(block, array.address());
      int result = file().tryIoctl(Request.IOMMU_IOAS_ALLOW_IOVAS, block);
      if (result < 0) {
        var hint = new AllowHint(facts(), ranges);
        throw file().refused(Request.IOMMU_IOAS_ALLOW_IOVAS, result, id, hint);
      }
      iommufd.facts().known().allowed(id, ranges);
    }
  }

  /**
   * {@return true if contiguous pages are mapped as larger ones ({@code IOMMU_OPTION_HUGE_PAGES})}
   */
  public final boolean hugePages() {
    int get = iommufd_h.IOMMU_OPTION_OP_GET();
    return iommufd.option(iommufd_h.IOMMU_OPTION_HUGE_PAGES(), get, id.value(), 0, id) != 0;
  }

  /**
   * Maps contiguous pages as larger ones, or each page by itself ({@code IOMMU_OPTION_HUGE_PAGES}).
   *
   * @param combine true, the default, for larger pages
   * @throws KernelException {@code EINVAL} when switched off after pages were mapped in a domain
   */
  public final void hugePages(boolean combine) {
    int set = iommufd_h.IOMMU_OPTION_OP_SET();
    int option = iommufd_h.IOMMU_OPTION_HUGE_PAGES();
    iommufd.option(option, set, id.value(), combine ? 1 : 0, id);
  }

  private static long address(MemorySegment memory) {
    if (!memory.isNative()) {
      throw new IllegalArgumentException("a device sees native memory only, not the Java heap");
    }
    return memory.address();
  }

  private IoasFacts facts() {
    return iommufd.facts().ioas(id);
  }

  /** The iommufd's file, as long as this handle may be used. */
  KernelFile file() {
    return iommufd.file();
  }

  @Override
  public String toString() {
    return id.toString();
  }
}
