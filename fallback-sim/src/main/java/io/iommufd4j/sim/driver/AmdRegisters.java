// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.driver;

import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HWPT_ALLOC_DIRTY_TRACKING;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HWPT_ALLOC_NEST_PARENT;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HWPT_ALLOC_PASID;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HW_INFO_TYPE_AMD;

import io.iommufd4j.bindings.iommufd.iommu_hw_info_amd;
import io.iommufd4j.sim.iommu.hardware.Capability;
import io.iommufd4j.sim.iommu.hardware.HardwareInfo;
import io.iommufd4j.sim.iommu.hardware.ReservedRegion;
import java.util.List;
import java.util.Map;

/**
 * AMD-Vi's capability and extended feature registers, and what firmware says of its addresses.
 *
 * @param capability the first word of its PCI capability
 * @param features {@code EFR}
 * @param features2 {@code EFR2}
 * @param addressBits {@code VASIZE} in the IVRS table's {@code IVinfo}
 */
public record AmdRegisters(int capability, long features, long features2, int addressBits)
    implements IommuRegisters {

  /** {@link #capability} of QEMU's unit. */
  public static final int USUAL_CAPABILITY = 0x1f03_000f;

  /** {@code NpCache}: it caches what is not there, as a hypervisor's does. */
  private static final int CACHES_ABSENT = 1 << 26;

  /**
   * {@code PPRSup}, {@code GTSup}, {@code GIOSup}, {@code HASup}, {@code EPHSup}, {@code HDSup}.
   */
  private static final long PAGE_REQUESTS = 1L << 1;

  private static final long GUEST_TABLES = 1L << 4;
  private static final long GUEST_IO = 1L << 48;
  private static final long ACCESSED_BITS = 1L << 49;
  private static final long PAGE_REQUEST_HANDLING = 1L << 50;
  private static final long DIRTY_BITS = 1L << 52;

  /** {@code EFR2.GCR3TRPMode}. */
  private static final long GUEST_TABLE_POINTERS_OF_GUESTS = 1L << 3;

  /** {@code HATS}: levels of a host table beyond four. */
  private static final int MORE_LEVELS_SHIFT = 10;

  private static final int MORE_LEVELS = 3;

  /** The bits that an {@code EFR} has set if the hardware tracks dirty pages. */
  static final long TRACKS_DIRTY = ACCESSED_BITS | DIRTY_BITS;

  private static final long SMALLEST_PAGE = 1L << 12;
  private static final long PHYSICAL_LIMIT = 1L << 52;

  /** A size that the hardware gets wrong and Linux therefore leaves out of the format. */
  private static final long SIZE_LEFT_OUT = 1L << 39;

  /** The sizes of a host's table of six levels. */
  static final long ALL_PAGE_SIZES = PHYSICAL_LIMIT - SMALLEST_PAGE & ~SIZE_LEFT_OUT;

  private static final long GUEST_TABLE_SIZES = SMALLEST_PAGE | 2L << 20 | 1L << 30;
  private static final int GUEST_TABLE_BITS = 47;

  /** HyperTransport keeps a range, as {@code amd_iommu_ht_range_ignore} does not hold. */
  private static final List<ReservedRegion> RESERVED =
      List.of(
          ReservedRegion.X86_MESSAGES,
          new ReservedRegion(0xfd_0000_0000L, 0xff_ffff_ffffL, ReservedRegion.Type.RESERVED));

  /** Registers with the usual capability. */
  public AmdRegisters(long features, long features2, int addressBits) {
    this(USUAL_CAPABILITY, features, features2, addressBits);
  }

  /** {@code amd_iommu_domain_alloc_paging_flags}. */
  @Override
  public boolean serves(int flags) {
    int nest = IOMMU_HWPT_ALLOC_NEST_PARENT();
    int dirty = IOMMU_HWPT_ALLOC_DIRTY_TRACKING();
    if (flags == IOMMU_HWPT_ALLOC_PASID()) {
      return has(GUEST_TABLES | PAGE_REQUESTS | PAGE_REQUEST_HANDLING);
    }
    return (flags & ~(nest | dirty)) == 0
        && ((flags & nest) == 0 || nests())
        && ((flags & dirty) == 0 || has(DIRTY_BITS));
  }

  private boolean nests() {
    return has(GUEST_TABLES | GUEST_IO) && (features2 & GUEST_TABLE_POINTERS_OF_GUESTS) != 0;
  }

  private boolean has(long bits) {
    return (features & bits) == bits;
  }

  /** True if a domain has a guest's table (version 2) instead of the host's own. */
  private static boolean guestTable(int flags) {
    return (flags & IOMMU_HWPT_ALLOC_PASID()) != 0;
  }

  @Override
  public long apertureLast(int flags) {
    int bits = guestTable(flags) ? GUEST_TABLE_BITS : hostTableBits();
    return bits >= Long.SIZE ? -1 : (1L << bits) - 1;
  }

  /** {@code amd_iommu_hpt_vasize}. */
  private int hostTableBits() {
    int more = (int) (features >> MORE_LEVELS_SHIFT) & MORE_LEVELS;
    return Math.min(addressBits, (more + 3) * 9 + 21);
  }

  /** All powers of two below the half of the aperture, but one. */
  @Override
  public long pageSizes(int flags) {
    if (guestTable(flags)) {
      return GUEST_TABLE_SIZES;
    }
    long limit = Math.min(1L << Math.min(hostTableBits() - 1, 62), PHYSICAL_LIMIT);
    return limit - SMALLEST_PAGE & ~SIZE_LEFT_OUT;
  }

  /** {@code x86_64_pt_iommu_set_prot}, of a guest's table. */
  @Override
  public boolean readsAll(int flags) {
    return guestTable(flags);
  }

  /** {@code amd_iommu_capable}; where absent entries are cached Linux is strict. */
  @Override
  public boolean capable(Capability asked) {
    return switch (asked) {
      case CACHE_COHERENCY, ENFORCE_CACHE_COHERENCY -> true;
      case DIRTY_TRACKING -> has(DIRTY_BITS);
      case DEFERRED_FLUSH -> (capability & CACHES_ABSENT) == 0;
      case NOEXEC, PCI_ATS_SUPPORTED -> false;
    };
  }

  /** {@code amd_iommu_get_resv_regions}. */
  @Override
  public List<ReservedRegion> reserved() {
    return RESERVED;
  }

  /** {@code amd_iommufd_hw_info}. */
  @Override
  public HardwareInfo info() {
    return HardwareInfo.of(
        IOMMU_HW_INFO_TYPE_AMD(),
        iommu_hw_info_amd.layout(),
        info -> {
          iommu_hw_info_amd.efr(info, features);
          iommu_hw_info_amd.efr2(info, features2);
        });
  }

  /** {@code amd_iommu_show_cap}, {@code amd_iommu_show_features}. */
  @Override
  public Map<String, String> attributes() {
    String both = Long.toHexString(features) + ":" + Long.toHexString(features2) + "\n";
    return Map.of(
        "amd-iommu/cap", Integer.toHexString(capability) + "\n", "amd-iommu/features", both);
  }

  @Override
  public IommuModel model() {
    return IommuModel.AMD;
  }

  @Override
  public AmdRegisters trackingDirty(boolean tracks) {
    long other = tracks ? features | TRACKS_DIRTY : features & ~DIRTY_BITS;
    return new AmdRegisters(capability, other, features2, addressBits);
  }

  @Override
  public AmdRegisters narrowedTo(int bits) {
    return new AmdRegisters(capability, features, features2, bits);
  }
}
