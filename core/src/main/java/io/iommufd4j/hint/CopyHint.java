// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.hint;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.ErrnoCode;
import io.iommufd4j.uapi.IovaRange;
import io.iommufd4j.wire.Hint;

/**
 * Finds why {@code IOMMU_IOAS_COPY} was refused ({@code iommufd_ioas_copy}).
 *
 * @param place where the copy was to go; its start is an IOVA of the source
 * @param source the IOAS to copy from
 */
public record CopyHint(Placement place, IoasFacts source) implements Hint {

  @Override
  public String of(ErrnoCode errno) {
    return switch (errno) {
      case Errno.ENOENT -> notThere();
      case Errno.EPERM -> source + " maps this memory for reading only: copy it for reading";
      case Errno.EFAULT -> UserMemoryFacts.IOAS_NOT_PINNED;
      default -> place.refused(errno);
    };
  }

  private String notThere() {
    if (!source.exists()) {
      return "the iommufd has no source " + source;
    }
    return place.ioas().exists()
        ? "the source, "
            + source
            + ", does not map all of "
            + new IovaRange(place.start(), place.start() + place.length() - 1)
        : "the iommufd has no " + place.ioas();
  }
}
