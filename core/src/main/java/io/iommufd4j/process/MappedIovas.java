// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.process;

import io.iommufd4j.Ioas;
import io.iommufd4j.IommufdRef;
import io.iommufd4j.bindings.iommufd.iommu_ioas_copy;
import io.iommufd4j.bindings.iommufd.iommu_ioas_unmap;
import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.uapi.IovaRange;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongPredicate;

/**
 * Finds what an IOAS maps. No request lists it, but {@code IOMMU_IOAS_COPY} takes a range only if
 * all of it is mapped. So ranges are copied into an IOAS of this class' own, where no device is:
 * nothing is pinned by that, and each copy goes at once.
 *
 * <p>Single pages are tried up to 2 MiB, every 2 MiB up to 64 GiB, then every GiB. Smaller mappings
 * in between are not found.
 */
public final class MappedIovas {

  private static final long MIB = 1L << 20;
  private static final long GIB = 1L << 30;
  private static final long FINE_END = 2 * MIB;
  private static final long MIDDLE_END = 64 * GIB;
  private static final long END = 1L << 48;

  private final IommufdRef iommufd;
  private final IommufdContent.Ioas from;
  private final Ioas scratch;
  private final long page;
  private final long enough;
  private final List<IovaRange> found = new ArrayList<>();
  private long bytes;

  private MappedIovas(
      IommufdRef iommufd, IommufdContent.Ioas from, Ioas scratch, long page, long enough) {
    this.iommufd = iommufd;
    this.from = from;
    this.scratch = scratch;
    this.page = page;
    this.enough = enough;
  }

  /**
   * Searches. For that time the iommufd has one IOAS more.
   *
   * @param iommufd open here, by whatever descriptor
   * @param from the IOAS, as it was found there
   * @param page bytes, by which ranges are told apart: a multiple of the IOAS' alignment
   * @param enough bytes after which the search ends, since no more are expected
   * @return ranges in ascending order, with a gap between any two
   * @throws KernelException {@code ENOMEM}
   */
  public static List<IovaRange> of(
      IommufdRef iommufd, IommufdContent.Ioas from, long page, long enough) {
    try (Ioas scratch = iommufd.newIoas()) {
      var search = new MappedIovas(iommufd, from, scratch, page, enough);
      search.scan(0, FINE_END, page);
      search.scan(FINE_END, MIDDLE_END, FINE_END);
      search.scan(MIDDLE_END, END, GIB);
      return List.copyOf(search.found);
    }
  }

  private void scan(long start, long end, long step) {
    for (IovaRange allowed : from.ranges().ranges()) {
      long last = Long.compareUnsigned(allowed.last(), end) < 0 ? allowed.last() : end - 1;
      if (Long.compareUnsigned(allowed.start(), last) > 0) {
        continue;
      }
      long at = up(Math.max(start, allowed.start()), step);
      while (at <= last - (page - 1) && bytes < enough) {
        long known = found.isEmpty() ? -1 : found.getLast().last();
        if (at <= known) {
          at = up(known + 1, step);
        } else if (mapped(at, page)) {
          grow(at, allowed, known);
        } else {
          at += step;
        }
      }
    }
  }

  private static long up(long iova, long step) {
    return Math.ceilDiv(iova, step) * step;
  }

  /** The whole range around a page that is mapped. */
  private void grow(long at, IovaRange allowed, long known) {
    long lowest = Math.max(allowed.start(), known + 1);
    long below = furthest(bytes -> mapped(at - bytes, bytes + page), at - lowest);
    long start = at - below;
    long highest =
        Math.min(Long.compareUnsigned(allowed.last(), END) < 0 ? allowed.last() : END - 1, END - 1);
    long above = furthest(bytes -> mapped(at, bytes + page), highest + 1 - page - at);
    long last = at + above + page - 1;
    bytes += last + 1 - start;
    found.add(new IovaRange(start, last));
  }

  /** The largest multiple of a page that still fits: what fits a larger one fits a smaller. */
  private long furthest(LongPredicate fits, long limit) {
    long far = 0;
    long step = page;
    while (far + step <= limit && fits.test(far + step)) {
      far += step;
      step *= 2;
    }
    for (; step >= page; step /= 2) {
      if (far + step <= limit && fits.test(far + step)) {
        far += step;
      }
    }
    return far;
  }

  private boolean mapped(long iova, long length) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment copy = iommu_ioas_copy.allocate(arena);
      iommu_ioas_copy.size(copy, (int) copy.byteSize());
      iommu_ioas_copy.flags(
          copy, iommufd_h.IOMMU_IOAS_MAP_FIXED_IOVA() | iommufd_h.IOMMU_IOAS_MAP_READABLE());
      iommu_ioas_copy.dst_ioas_id(copy, scratch.id().value());
      iommu_ioas_copy.src_ioas_id(copy, from.id().value());
      iommu_ioas_copy.length(copy, length);
      iommu_ioas_copy.dst_iova(copy, iova);
      iommu_ioas_copy.src_iova(copy, iova);
      if (request(Request.IOMMU_IOAS_COPY, copy) != 0) {
        return false;
      }
      MemorySegment unmap = iommu_ioas_unmap.allocate(arena);
      iommu_ioas_unmap.size(unmap, (int) unmap.byteSize());
      iommu_ioas_unmap.ioas_id(unmap, scratch.id().value());
      iommu_ioas_unmap.iova(unmap, iova);
      iommu_ioas_unmap.length(unmap, length);
      request(Request.IOMMU_IOAS_UNMAP, unmap);
      return true;
    }
  }

  private int request(Request request, MemorySegment block) {
    return iommufd.kernel().ioctl(iommufd.fd(), request.number(), block);
  }
}
