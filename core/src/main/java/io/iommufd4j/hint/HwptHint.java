// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.hint;

import io.iommufd4j.data.HwptData;
import io.iommufd4j.data.HwptSpec;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.ErrnoCode;
import io.iommufd4j.uapi.DeviceId;
import io.iommufd4j.uapi.HwptFlag;
import io.iommufd4j.uapi.HwptParentId;
import io.iommufd4j.uapi.ViommuId;
import io.iommufd4j.wire.Hint;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Finds why {@code IOMMU_HWPT_ALLOC} was refused ({@code iommufd_hwpt_alloc}).
 *
 * @param iommufd where
 * @param device what the HWPT is for
 * @param parent what it should be made from
 * @param spec what it should be
 */
public record HwptHint(IommufdFacts iommufd, DeviceId device, HwptParentId parent, HwptSpec spec)
    implements Hint {

  @Override
  public String of(ErrnoCode errno) {
    return switch (errno) {
      case Errno.ENOENT -> missing();
      case Errno.EIO ->
          "the SMMUv3 does not take the guest's stream table entry: it is not legal, or sets a field"
              + " that a guest may not set";
      case Errno.EOPNOTSUPP -> notSupported();
      case Errno.EINVAL -> invalid();
      case Errno.EADDRINUSE -> inUse();
      case Errno.EFAULT -> UserMemoryFacts.IOAS_NOT_PINNED;
      default -> "";
    };
  }

  private String missing() {
    String faults =
        spec.faultQueue().map(queue -> "; or no " + queue + " for its page faults").orElse("");
    return "the iommufd has no device "
        + device.value()
        + " that has an IOMMU: bind it here first, and attach an emulated one (mdev) to an IOAS"
        + " itself"
        + faults;
  }

  private String inUse() {
    var conflict = new Conflict(iommufd, parent.value());
    conflict.outOfReachOf(device, false);
    return conflict.found(true);
  }

  private String notSupported() {
    Set<HwptFlag> flags = spec.flags();
    if (!(spec.data() instanceof HwptData.None)) {
      return parent instanceof ViommuId
          ? "the vIOMMU, or this kernel's driver of it, makes no nested page table of this type and"
              + " with these flags"
          : "the device's IOMMU, or this kernel's driver for it, makes no nested page table of this"
              + " type and with these flags on a HWPT; an SMMUv3 takes a vIOMMU as the parent";
    }
    if (spec.faultQueue().isPresent() && flags.contains(HwptFlag.NEST_PARENT)) {
      return "a nesting parent has no fault queue: give it to the nested HWPTs";
    }
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
    ObjectKind kind = ObjectKind.of(iommufd, parent.value());
    return kind == ObjectKind.HWPT || kind == ObjectKind.VIOMMU
        ? "a HWPT or a vIOMMU as the parent makes a nested one, for which the guest's page table must"
            + " be given as data"
        : "the device's IOMMU driver makes no such page table";
  }

  private String invalid() {
    boolean nested = !(spec.data() instanceof HwptData.None);
    return switch (ObjectKind.of(iommufd, parent.value())) {
      case OTHER ->
          "the parent, id "
              + parent.value()
              + ", is neither an IOAS nor a HWPT nor a vIOMMU of this iommufd";
      case HWPT ->
          (nested ? "the data is of another type or length than the IOMMU's driver takes; or " : "")
              + "the parent HWPT cannot have nested ones: it was not made with"
              + " IOMMU_HWPT_ALLOC_NEST_PARENT, or for a device of another IOMMU";
      case VIOMMU ->
          "the device has another IOMMU than the vIOMMU, or the data is of another type or length"
              + " than its driver takes";
      case IOAS ->
          "a file that is mapped in the IOAS cannot be pinned: it is no memfd and no file of tmpfs"
              + " or hugetlbfs, or has become shorter than the mapping; or the IOMMU cannot"
              + " translate with pages of this system";
    };
  }
}
