// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.hint;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.ErrnoCode;
import io.iommufd4j.wire.Hint;

/**
 * Finds why {@code IOMMU_IOAS_MAP} was refused ({@code iopt_map_user_pages}).
 *
 * @param place where the memory was to go
 * @param writes whether the device may write there
 */
public record MapHint(Placement place, boolean writes) implements Hint {

  @Override
  public String of(ErrnoCode errno) {
    return errno == Errno.EFAULT
        ? UserMemoryFacts.of(place.ioas().kernel())
            .whyNotPinned(place.start(), place.length(), writes)
        : place.refused(errno);
  }
}
