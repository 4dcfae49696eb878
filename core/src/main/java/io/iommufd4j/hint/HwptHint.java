// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.hint;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.ErrnoCode;
import io.iommufd4j.uapi.DeviceId;
import io.iommufd4j.uapi.HwptFlag;
import io.iommufd4j.uapi.PageTableId;
import io.iommufd4j.wire.Hint;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Finds why {@code IOMMU_HWPT_ALLOC} was refused ({@code iommufd_hwpt_alloc}).
 *
 * @param iommufd where
 * @param device what the HWPT is for
 * @param parent what it should translate by
 * @param flags what else it should do
 */
public record HwptHint(
    IommufdFacts iommufd, DeviceId device, PageTableId parent, Set<HwptFlag> flags)
    implements Hint {

  @Override
  public String of(ErrnoCode errno) {
    return switch (errno) {
      case Errno.ENOENT ->
          "the iommufd has no device "
              + device.value()
              + " that has an IOMMU: bind it here first, and attach"
              + " an emulated one (mdev) to an IOAS itself";
      case Errno.EOPNOTSUPP -> notSupported();
      case Errno.EINVAL -> invalid();
      case Errno.EADDRINUSE -> inUse();
      case Errno.EFAULT -> UserMemoryFacts.IOAS_NOT_PINNED;
      default -> "";
    };
  }

  private String inUse() {
    var conflict = new Conflict(iommufd, parent.value());
    conflict.outOfReachOf(device, false);
    return conflict.found(true);
  }

  private String notSupported() {
    String lacking =
        flags.stream()
            .sorted()
            .filter(flag -> Aperture.tryFlag(iommufd, device, flag) == Errno.EOPNOTSUPP.negated())
            .map(flag -> "IOMMU_HWPT_ALLOC_" + flag)
            .collect(Collectors.joining(", "));
    if (!lacking.isEmpty()) {
      return "the device's IOMMU, or this kernel's driver for it, cannot do " + lacking;
    }
    if (flags.size() > 1) {
      return "the device's IOMMU cannot do these together: "
          + flags.stream().sorted().map(Enum::name).collect(Collectors.joining(", "));
    }
    return ObjectKind.of(iommufd, parent.value()) == ObjectKind.HWPT
        ? "a HWPT as the parent makes a nested one, for which the guest's page table must be given"
            + " as data"
        : "the device's IOMMU driver makes no such page table";
  }

  private String invalid() {
    return switch (ObjectKind.of(iommufd, parent.value())) {
      case OTHER ->
          "the parent, id " + parent.value() + ", is neither an IOAS nor a HWPT of this iommufd";
      case HWPT ->
          "the parent HWPT cannot have nested ones: it was not made with"
              + " IOMMU_HWPT_ALLOC_NEST_PARENT, or for a device of another IOMMU";
      case IOAS ->
          "a file that is mapped in the IOAS cannot be pinned: it is no memfd and no file of tmpfs"
              + " or hugetlbfs, or has become shorter than the mapping; or the IOMMU cannot"
              + " translate with pages of this system";
    };
  }
}
