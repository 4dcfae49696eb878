// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.vfio;

import static io.iommufd4j.vfio.DeviceAttachments.NO_PASID;

import io.iommufd4j.IommufdRef;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.hint.Conflict;
import io.iommufd4j.hint.KnownObjects;
import io.iommufd4j.hint.ObjectKind;
import io.iommufd4j.hint.UserMemoryFacts;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.ErrnoCode;
import io.iommufd4j.kernel.LinuxRelease;
import io.iommufd4j.pci.PciDevice;
import io.iommufd4j.uapi.DeviceId;
import io.iommufd4j.uapi.HwptFlag;
import io.iommufd4j.uapi.HwptParentId;
import io.iommufd4j.uapi.IoasId;
import io.iommufd4j.uapi.PageTableId;
import io.iommufd4j.wire.Hint;
import java.util.ArrayList;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Finds why {@code VFIO_DEVICE_ATTACH_IOMMUFD_PT} was refused ({@code iommufd_device_change_pt}).
 *
 * @param device the device
 * @param iommufd what it is bound to
 * @param id its id there
 * @param pasid the PASID to attach; {@link DeviceAttachments#NO_PASID} for the device itself
 * @param target the page table or IOAS
 */
record AttachHint(
    VfioDeviceRef device, IommufdRef iommufd, DeviceId id, int pasid, PageTableId target)
    implements Hint {

  /** Brought {@code VFIO_DEVICE_ATTACH_PASID}. */
  private static final LinuxRelease PASIDS = new LinuxRelease(6, 15);

  @Override
  public String of(ErrnoCode errno) {
    boolean whole = pasid == NO_PASID;
    return switch (errno) {
      case Errno.ENOENT -> "the iommufd has no object " + target.value() + ": no IOAS and no HWPT";
      case Errno.EINVAL -> invalid();
      case Errno.EADDRINUSE -> inUse();
      case Errno.EOPNOTSUPP ->
          whole
              ? "the device's IOMMU driver cannot attach this kind of page table"
              : "the device's IOMMU driver, or its VFIO driver, attaches no PASIDs";
      case Errno.EFAULT -> UserMemoryFacts.IOAS_NOT_PINNED;
      case Errno.EBUSY ->
          whole
              ? "the device or a sibling of its IOMMU group is being reset; try again"
              : "PASID " + pasid + " is attached already, or the device is being reset";
      case Errno.ENODEV -> "the device is going away";
      default -> "";
    };
  }

  private String invalid() {
    ObjectKind kind = ObjectKind.of(iommufd.facts(), target.value());
    if (kind == ObjectKind.OTHER || kind == ObjectKind.VIOMMU) {
      return "object " + target.value() + " of the iommufd is neither an IOAS nor a HWPT";
    }
    if (pasid != NO_PASID) {
      return invalidForPasid(kind);
    }
    Optional<KnownObjects.HwptOrigin> origin = iommufd.facts().known().origin(target.value());
    if (device.hasPasidsAttached()
        && (kind == ObjectKind.IOAS
            || origin.filter(made -> !made.flags().contains(HwptFlag.PASID)).isPresent())) {
      return "PASIDs of the device are attached, so the device itself takes only a HWPT that was"
          + " made for PASIDs (IOMMU_HWPT_ALLOC_PASID), and "
          + target
          + " is none";
    }
    Optional<DeviceFacts> facts = DeviceFacts.of(device.file());
    String otherIommu =
        facts.flatMap(here -> origin.flatMap(made -> otherIommu(here, made))).orElse("");
    if (!otherIommu.isEmpty()) {
      return otherIommu;
    }
    String elsewhere = facts.map(this::attachedElsewhere).orElse("");
    if (!elsewhere.isEmpty()) {
      return elsewhere;
    }
    if (kind == ObjectKind.IOAS) {
      return "no page table of "
          + target
          + " fits: the IOMMU cannot translate with pages of this system, or a file that is mapped"
          + " in the IOAS cannot be pinned (IOMMU_IOAS_MAP_FILE takes memfds, files of tmpfs and"
          + " hugetlbfs up to their ends, and VFIO's dma-bufs)";
    }
    return target
        + " does not fit the IOMMU before this device: its format, width or flags are another's;"
        + " make a HWPT for this device, or attach the IOAS";
  }

  private String invalidForPasid(ObjectKind kind) {
    String release = iommufd.kernel().identity().release();
    if (LinuxRelease.parse(release).filter(PASIDS::after).isPresent()) {
      return "this kernel (" + release + ") attaches no PASIDs, which came with Linux " + PASIDS;
    }
    if (kind == ObjectKind.IOAS) {
      return "an IOAS makes page tables without PASIDs: make a HWPT for them"
          + " (IOMMU_HWPT_ALLOC_PASID) and attach that";
    }
    if (lacksPasidFlag(target.value())) {
      return target + " was not made for PASIDs (IOMMU_HWPT_ALLOC_PASID)";
    }
    Optional<PageTableId> own = device.attached().filter(table -> lacksPasidFlag(table.value()));
    if (own.isPresent()) {
      return "the device itself is attached to "
          + own.get()
          + ", which was not made for PASIDs (IOMMU_HWPT_ALLOC_PASID): replace that first";
    }
    int bits = widthOfPasids();
    if (bits >= 0 && pasid >= 1 << bits) {
      return "PASID " + pasid + " is beyond what the device has (" + bits + " bits)";
    }
    return target
        + " or the page table of the device itself was not made for PASIDs"
        + " (IOMMU_HWPT_ALLOC_PASID), or does not fit the IOMMU before this device";
  }

  private boolean lacksPasidFlag(int hwpt) {
    return iommufd
        .facts()
        .known()
        .origin(hwpt)
        .filter(made -> !made.flags().contains(HwptFlag.PASID))
        .isPresent();
  }

  /** In bits; −1 where the kernel does not tell. */
  private int widthOfPasids() {
    try {
      return iommufd.hwInfo(id).maxPasidLog2();
    } catch (KernelException notTold) {
      return -1;
    }
  }

  private Optional<String> otherIommu(DeviceFacts here, KnownObjects.HwptOrigin origin) {
    return boundDevices()
        .filter(bound -> bound.isBoundAs(origin.device()))
        .findFirst()
        .flatMap(bound -> DeviceFacts.of(bound.file()))
        .filter(there -> !there.device().iommu().equals(here.device().iommu()))
        .map(there ->
            target
                + " was made for "
                + there.device().address()
                + " behind IOMMU "
                + there.device().iommu().map(iommu -> iommu.name()).orElse("none")
                + ", and this device is behind "
                + here.device().iommu().map(iommu -> iommu.name()).orElse("none")
                + ": make a HWPT for this device");
  }

  /** Siblings follow one page table, and the first to attach chooses it. */
  private String attachedElsewhere(DeviceFacts facts) {
    if (device.attached().isPresent()) {
      return "";
    }
    var known = new ArrayList<String>();
    var possible = new ArrayList<String>();
    for (PciDevice sibling : facts.vfioSiblings()) {
      possible.add(sibling.address().toString());
      attachedTo(sibling).ifPresent(hwpt -> known.add(sibling.address() + " to " + hwpt));
    }
    if (possible.isEmpty()) {
      return "";
    }
    String rule =
        "devices of "
            + facts.groupName()
            + " share one page table: attach to that one, or replace it through the sibling";
    return known.isEmpty()
        ? "a sibling ("
            + String.join(", ", possible)
            + ") may be attached to another page table; "
            + rule
            + ". Otherwise "
            + target
            + " does not fit the IOMMU before this device"
        : "a sibling is attached to another page table (" + String.join(", ", known) + "); " + rule;
  }

  private Optional<PageTableId> attachedTo(PciDevice sibling) {
    return boundDevices()
        .filter(bound ->
            DeviceFacts.of(bound.file())
                .filter(found -> found.device().address().equals(sibling.address()))
                .isPresent())
        .flatMap(bound -> bound.attached().stream())
        .findFirst();
  }

  /** The devices of the iommufd that its handle knows and that are open. */
  private Stream<VfioDeviceRef> boundDevices() {
    return iommufd.boundDevices().stream()
        .filter(VfioDeviceRef.class::isInstance)
        .map(VfioDeviceRef.class::cast)
        .filter(bound -> bound.file().isOpen());
  }

  private String inUse() {
    Optional<DeviceFacts> facts = DeviceFacts.of(device.file());
    ObjectKind kind = ObjectKind.of(iommufd.facts(), target.value());
    Optional<Integer> ioas =
        kind == ObjectKind.IOAS
            ? Optional.of(target.value())
            : iommufd
                .facts()
                .known()
                .origin(target.value())
                .map(KnownObjects.HwptOrigin::parent)
                .filter(IoasId.class::isInstance)
                .map(HwptParentId::value);
    if (ioas.isEmpty()) {
      return facts
          .map(found ->
              "the IOAS of "
                  + target
                  + " maps, or allows (IOMMU_IOAS_ALLOW_IOVAS), an IOVA that "
                  + found.groupName()
                  + " reserves: "
                  + found.reserved())
          .orElse("");
    }
    var conflict = new Conflict(iommufd.facts(), ioas.get());
    facts.ifPresent(found -> conflict.reservedBy(found.groupName(), found.reserved()));
    if (kind == ObjectKind.IOAS) {
      conflict.outOfReachOf(id, device.attached().isEmpty());
    }
    return conflict.found(kind == ObjectKind.IOAS);
  }
}
