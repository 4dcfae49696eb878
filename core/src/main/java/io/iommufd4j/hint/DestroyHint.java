// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.hint;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.ErrnoCode;
import io.iommufd4j.uapi.ObjectId;
import io.iommufd4j.wire.Hint;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Finds why {@code IOMMU_DESTROY} was refused ({@code iommufd_destroy}).
 *
 * @param iommufd where
 * @param object what was to go
 */
public record DestroyHint(IommufdFacts iommufd, ObjectId object) implements Hint {

  @Override
  public String of(ErrnoCode errno) {
    if (errno != Errno.EBUSY) {
      return "";
    }
    List<ObjectId> foreign =
        ForeignObjects.in(iommufd).stream().filter(id -> id.value() != object.value()).toList();
    return foreign.isEmpty()
        ? ""
        : "it is in use; in this iommufd there are also objects that no handle of this program owns,"
            + " which may be what uses it: "
            + foreign.stream().map(ObjectId::toString).collect(Collectors.joining(", "));
  }
}
