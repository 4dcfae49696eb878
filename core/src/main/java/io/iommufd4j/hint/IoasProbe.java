// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.hint;

import io.iommufd4j.bindings.iommufd.iommu_ioas_copy;
import io.iommufd4j.bindings.iommufd.iommu_ioas_map;
import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.uapi.IovaRange;
import io.iommufd4j.uapi.IovaRanges;
import io.iommufd4j.wire.IommufdCalls;
import io.iommufd4j.wire.KernelFile;
import java.lang.foreign.Arena;
import java.util.OptionalLong;

/**
 * Asks an IOAS what it maps, which no request reports, without changing it. A scratch IOAS holds
 * one read-only mapping that nothing pins; copying from there for writing is always refused, with
 * EEXIST where the destination maps something already and with EPERM where it does not.
 */
final class IoasProbe implements AutoCloseable {

  /** A quarter of all IOVAs: the most that one copy asks about. */
  private static final long SPAN = 1L << 62;

  private static final int FIXED = iommufd_h.IOMMU_IOAS_MAP_FIXED_IOVA();

  private final KernelFile iommufd;
  private final int ioas;
  private final IovaRanges usable;
  private final int scratch;

  private IoasProbe(KernelFile iommufd, int ioas, IovaRanges usable, int scratch) {
    this.iommufd = iommufd;
    this.ioas = ioas;
    this.usable = usable;
    this.scratch = scratch;
  }

  /**
   * Makes the scratch IOAS.
   *
   * @throws KernelException without this IOAS, or without memory
   */
  static IoasProbe of(IoasFacts asked) {
    KernelFile iommufd = asked.file();
    IovaRanges usable = asked.iovaRanges();
    int scratch = IommufdCalls.newIoas(iommufd);
    var probe = new IoasProbe(iommufd, asked.id().value(), usable, scratch);
    try {
      probe.fillScratch();
      return probe;
    } catch (RuntimeException refused) {
      probe.close();
      throw refused;
    }
  }

  private void fillScratch() {
    try (Arena arena = Arena.ofConfined()) {
      var block = iommu_ioas_map.allocate(arena);
      iommu_ioas_map.size(block, (int) block.byteSize());
      iommu_ioas_map.flags(block, FIXED | iommufd_h.IOMMU_IOAS_MAP_READABLE());
      iommu_ioas_map.ioas_id(block, scratch);
      iommu_ioas_map.length(block, SPAN);
      iommufd.ioctl(Request.IOMMU_IOAS_MAP, block, null);
    }
  }

  /** The IOVAs that are not reserved in the IOAS. */
  IovaRanges usable() {
    return usable;
  }

  /** The first IOVA that is mapped within a range; empty when none is. */
  OptionalLong firstMapped(IovaRange range) {
    for (IovaRange piece : usable.ranges()) {
      if (piece.overlaps(range)) {
        OptionalLong found =
            firstIn(max(piece.start(), range.start()), min(piece.last(), range.last()));
        if (found.isPresent()) {
          return found;
        }
      }
    }
    return OptionalLong.empty();
  }

  private OptionalLong firstIn(long start, long last) {
    long from = start & -usable.alignment();
    while (true) {
      long end = Long.compareUnsigned(last - from, SPAN) < 0 ? last : from + SPAN - 1;
      if (maps(from, end)) {
        return OptionalLong.of(narrow(from, end));
      }
      if (end == last) {
        return OptionalLong.empty();
      }
      from = end + 1;
    }
  }

  /** Halves a range that has something mapped until its first mapped IOVA is left. */
  private long narrow(long start, long last) {
    long unit = usable.alignment();
    long from = start;
    long units = Long.divideUnsigned(last - from, unit) + 1;
    while (units > 1) {
      long half = units / 2;
      if (maps(from, from + half * unit - 1)) {
        units = half;
      } else {
        from += half * unit;
        units -= half;
      }
    }
    return from;
  }

  /** The last IOVA that is mapped without a gap from one that is. */
  long lastMapped(long mapped) {
    long unit = usable.alignment();
    long whole = mapped & -unit;
    long known = 1;
    // Twice as far each time, then halving: copying from the IOAS itself asks for a gapless source.
    while (isGapless(whole, 2 * known * unit)) {
      known *= 2;
    }
    for (long step = known; step > 0; step /= 2) {
      if (isGapless(whole, (known + step) * unit)) {
        known += step;
      }
    }
    return whole + known * unit - 1;
  }

  private boolean maps(long start, long last) {
    long bytes = Math.ceilDiv(last - start + 1, usable.alignment()) * usable.alignment();
    return copy(scratch, 0, bytes, start) == Errno.EEXIST.negated();
  }

  /** Its own place is where the copy goes, so that it never succeeds. */
  private boolean isGapless(long start, long bytes) {
    return bytes > 0 && copy(ioas, start, bytes, start) == Errno.EEXIST.negated();
  }

  private int copy(int source, long sourceIova, long bytes, long iova) {
    try (Arena arena = Arena.ofConfined()) {
      var block = iommu_ioas_copy.allocate(arena);
      iommu_ioas_copy.size(block, (int) block.byteSize());
      iommu_ioas_copy.flags(block, FIXED | iommufd_h.IOMMU_IOAS_MAP_WRITEABLE());
      iommu_ioas_copy.dst_ioas_id(block, ioas);
      iommu_ioas_copy.src_ioas_id(block, source);
      iommu_ioas_copy.length(block, bytes);
      iommu_ioas_copy.dst_iova(block, iova);
      iommu_ioas_copy.src_iova(block, sourceIova);
      return iommufd.tryIoctl(Request.IOMMU_IOAS_COPY, block);
    }
  }

  private static long max(long one, long other) {
    return Long.compareUnsigned(one, other) >= 0 ? one : other;
  }

  private static long min(long one, long other) {
    return Long.compareUnsigned(one, other) <= 0 ? one : other;
  }

  @Override
  public void close() {
    IommufdCalls.destroy(iommufd, scratch);
  }
}
