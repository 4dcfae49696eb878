// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.hint;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.ErrnoCode;
import io.iommufd4j.uapi.IovaRange;
import io.iommufd4j.uapi.IovaRanges;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Collectors;

/**
 * The place a mapping was to go to, and what is there already.
 *
 * @param ioas the IOAS
 * @param source what is mapped, as "the memory's address"
 * @param start where that starts: an address, or an offset in a file
 * @param length bytes
 * @param iova where in the IOAS; meaningless unless fixed
 * @param fixed whether the caller chose the IOVA
 */
public record Placement(
    IoasFacts ioas, String source, long start, long length, long iova, boolean fixed) {

  private static final int SHOWN = 6;

  /** The meaning of an errno that the place alone explains; empty for any other. */
  String refused(ErrnoCode errno) {
    return switch (errno) {
      case Errno.EINVAL -> invalid();
      case Errno.EOVERFLOW -> overflow();
      case Errno.EEXIST -> occupied();
      case Errno.ENOSPC -> noSpace();
      default -> "";
    };
  }

  /** The meaning of EINVAL, as far as the range tells; empty when the range is in order. */
  private String invalid() {
    if (length == 0) {
      return "the length is 0";
    }
    IovaRanges usable = ioas.iovaRanges();
    String misaligned = misaligned(usable.alignment());
    if (!misaligned.isEmpty()) {
      return misaligned;
    }
    String wraps = overflow();
    if (!wraps.isEmpty() || !fixed) {
      return wraps;
    }
    var asked = new IovaRange(iova, iova + length - 1);
    return usable.allow(asked) ? "" : reserved(asked, usable);
  }

  private String misaligned(long alignment) {
    String what = "";
    if (Long.remainderUnsigned(length, alignment) != 0) {
      what = "the length, " + length + " bytes,";
    } else if (fixed && Long.remainderUnsigned(iova, alignment) != 0) {
      what = "the IOVA, " + hex(iova) + ",";
    } else if (Long.remainderUnsigned(start, alignment) != 0) {
      what = source + ", " + hex(start) + ",";
    }
    return what.isEmpty()
        ? ""
        : what
            + " is not a multiple of "
            + alignment
            + " bytes, the alignment of "
            + ioas
            + ": map whole pages";
  }

  private String reserved(IovaRange asked, IovaRanges usable) {
    long start = 0;
    for (IovaRange free : usable.ranges()) {
      if (free.start() != start) {
        var gap = new IovaRange(start, free.start() - 1);
        if (gap.overlaps(asked)) {
          return reserved(asked, gap, usable.ranges());
        }
      }
      start = free.last() + 1;
      if (start == 0) {
        return "";
      }
    }
    return reserved(asked, new IovaRange(start, -1), usable.ranges());
  }

  private String reserved(IovaRange asked, IovaRange gap, List<IovaRange> usable) {
    return "IOVA "
        + asked
        + " reaches into "
        + gap
        + ", which attached devices reserve or their IOMMU cannot translate; "
        + ioas
        + " maps within "
        + listed(usable);
  }

  private static String listed(List<IovaRange> ranges) {
    String shown =
        ranges.stream().limit(SHOWN).map(Object::toString).collect(Collectors.joining(", "));
    return ranges.size() > SHOWN ? shown + " and " + (ranges.size() - SHOWN) + " more" : shown;
  }

  /** The meaning of EOVERFLOW; empty when nothing wraps around. */
  private String overflow() {
    if (fixed && iova == -1) {
      return "the last IOVA, 2^64 - 1, cannot be mapped";
    }
    if (fixed && Long.compareUnsigned(iova + length - 1, iova) < 0) {
      return "the IOVA range wraps around: " + hex(iova) + " + " + hex(length) + " bytes";
    }
    if (Long.compareUnsigned(start + length, start) < 0) {
      return source + " wraps around: " + hex(start) + " + " + hex(length) + " bytes";
    }
    return length < 0
        ? "the length, " + hex(length) + " bytes, is more than half of all IOVAs"
        : "";
  }

  /** The meaning of EEXIST. */
  private String occupied() {
    try (IoasProbe probe = IoasProbe.of(ioas)) {
      OptionalLong mapped = probe.firstMapped(new IovaRange(iova, iova + length - 1));
      if (mapped.isEmpty()) {
        return "";
      }
      long first = mapped.getAsLong();
      return ioas
          + " maps "
          + new IovaRange(first, probe.lastMapped(first))
          + " already: unmap it first, a mapping is never overwritten";
    }
  }

  /** The meaning of ENOSPC. */
  private String noSpace() {
    return "no free IOVA range holds "
        + length
        + " bytes: "
        + ioas
        + " maps within "
        + listed(ioas.iovaRanges().ranges())
        + ", less what is mapped or not allowed (IOMMU_IOAS_ALLOW_IOVAS)";
  }

  private static String hex(long value) {
    return "0x" + Long.toHexString(value);
  }
}
