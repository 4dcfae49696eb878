// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.hint;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.ErrnoCode;
import io.iommufd4j.uapi.IovaRange;
import io.iommufd4j.wire.Hint;
import java.util.OptionalLong;

/**
 * Finds why {@code IOMMU_IOAS_UNMAP} was refused ({@code iopt_unmap_iova}).
 *
 * @param ioas the IOAS
 * @param iova where the range starts
 * @param length bytes
 */
public record UnmapHint(IoasFacts ioas, long iova, long length) implements Hint {

  @Override
  public String of(ErrnoCode errno) {
    return switch (errno) {
      case Errno.EINVAL -> length == 0 ? "the length is 0" : "";
      case Errno.EOVERFLOW ->
          "the IOVA range wraps around; all of an IOAS is unmapped by IOVA 0, length 2^64 - 1";
      case Errno.EBUSY ->
          "an in-kernel user, as a hardware queue or an emulated device, holds memory of the"
              + " range";
      case Errno.ENOENT -> notThere();
      default -> "";
    };
  }

  private String notThere() {
    if (!ioas.exists()) {
      return "the iommufd has no " + ioas;
    }
    var range = new IovaRange(iova, iova + length - 1);
    try (IoasProbe probe = IoasProbe.of(ioas)) {
      OptionalLong mapped = probe.firstMapped(range);
      return mapped.isEmpty()
          ? "nothing is mapped within " + range
          : range
              + " cuts a mapping in two, of what is mapped from 0x"
              + Long.toHexString(mapped.getAsLong())
              + " on: unmap what was mapped as a whole";
    }
  }
}
