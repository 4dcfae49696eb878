package io.iommufd4j.sim.driver;

import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HWPT_ALLOC_DIRTY_TRACKING;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HWPT_ALLOC_NEST_PARENT;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HWPT_ALLOC_PASID;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HW_INFO_TYPE_AMD;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HW_INFO_TYPE_ARM_SMMUV3;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HW_INFO_TYPE_INTEL_VTD;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HW_INFO_TYPE_NONE;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HW_INFO_VTD_ERRATA_772415_SPR17;

import io.iommufd4j.bindings.iommufd.iommu_hw_info_amd;
import io.iommufd4j.bindings.iommufd.iommu_hw_info_arm_smmuv3;
import io.iommufd4j.bindings.iommufd.iommu_hw_info_vtd;
import io.iommufd4j.sim.iommu.hardware.Capability;
import io.iommufd4j.sim.iommu.hardware.HardwareInfo;
import io.iommufd4j.sim.iommu.hardware.ReservedRegion;
import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The IOMMUs that QEMU emulates, as Linux 7.3.4's drivers find them: names, apertures, reserved
 * IOVAs, flags and registers are what that kernel answers on them. Dirty tracking, which none of
 * them has in QEMU, can be added where the driver knows it.
 */
public enum IommuPreset {
  /** Intel VT-d, 48 bits wide: blocks on failure. */
  VTD("intel-iommu", "dmar0"),
  /** AMD-Vi: a blocking window. */
  AMD("amd-iommu", "ivhd0"),
  /** ARM SMMUv3 with both stages: hitless. */
  SMMUV3("arm-smmu-v3", "smmu3.0x0000000009050000"),
  /** virtio-iommu: a blocking window, no blocked domain, no flags, no dirty tracking. */
  VIRTIO("virtio-iommu", "virtio0"),
  /**
   * An SMMUv3 that can force memory attributes in the second stage: what Linux asks for before it
   * makes a virtual one. QEMU's has that only with its identification changed.
   */
  SMMUV3_FWB("arm-smmu-v3", "smmu3.0x0000000009050000");

  private static final long KIB = 1 << 10;
  private static final long MIB = KIB << 10;
  private static final long GIB = MIB << 10;
  private static final long LAST_48_BIT = (1L << 48) - 1;
  private static final long THREE_SIZES = 4 * KIB | 2 * MIB | GIB;
  private static final ReservedRegion X86_MSI =
      new ReservedRegion(0xfee0_0000L, 0xfeef_ffffL, ReservedRegion.Type.MSI);

  private final String driverName;
  private final String unitName;

  IommuPreset(String driverName, String unitName) {
    this.driverName = driverName;
    this.unitName = unitName;
  }

  /** As a command line names it, as {@code vtd}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /**
   * A driver that runs one such IOMMU.
   *
   * @param dirtyTracking whether its hardware notes which pages DMA wrote; no virtio-iommu does
   */
  public ModelDriver driver(boolean dirtyTracking) {
    IommuUnit unit = unit(dirtyTracking);
    return switch (this) {
      case VTD -> new BlocksOnFailureDriver(driverName, unit);
      case AMD -> new AmdViDriver(driverName, unit);
      case SMMUV3, SMMUV3_FWB -> new Smmuv3Driver(driverName, unit);
      case VIRTIO -> new BlockingWindowDriver(driverName, unit, false, false);
    };
  }

  /** One such IOMMU; {@code dirtyTracking} as in {@link #driver}. */
  public IommuUnit unit(boolean dirtyTracking) {
    boolean dirty = dirtyTracking && this != VIRTIO;
    return new IommuUnit(
        unitName,
        this == VIRTIO ? -1L : LAST_48_BIT,
        pageSizes(),
        domainFlags(dirty),
        capabilities(dirty),
        reserved(),
        info(dirty));
  }

  private long pageSizes() {
    return switch (this) {
      case VTD, SMMUV3, SMMUV3_FWB -> THREE_SIZES;
      // Every power of two below the aperture but 512 GiB, which a hardware fault forbids.
      case AMD -> ((1L << 47) - 4 * KIB) ^ (512 * GIB);
      case VIRTIO -> -4 * KIB;
    };
  }

  private Set<Integer> domainFlags(boolean dirty) {
    int pasid = IOMMU_HWPT_ALLOC_PASID();
    int tracking = IOMMU_HWPT_ALLOC_DIRTY_TRACKING();
    var flags = new HashSet<Integer>();
    flags.add(0);
    switch (this) {
      case VTD -> {
        flags.add(pasid);
        if (dirty) {
          flags.addAll(Set.of(tracking, tracking | pasid));
        }
      }
      case AMD -> {
        if (dirty) {
          flags.add(tracking);
        }
      }
      case SMMUV3, SMMUV3_FWB -> {
        flags.addAll(Set.of(pasid, IOMMU_HWPT_ALLOC_NEST_PARENT()));
        if (dirty) {
          flags.addAll(Set.of(tracking, tracking | pasid));
        }
      }
      case VIRTIO -> {}
    }
    return flags;
  }

  private Set<Capability> capabilities(boolean dirty) {
    var capabilities = EnumSet.of(Capability.CACHE_COHERENCY);
    if (dirty) {
      capabilities.add(Capability.DIRTY_TRACKING);
    }
    switch (this) {
      case VTD -> {}
      case AMD -> capabilities.add(Capability.ENFORCE_CACHE_COHERENCY);
      // The driver could defer flushes; arm64 does not unless asked.
      case SMMUV3, SMMUV3_FWB -> capabilities.add(Capability.NOEXEC);
      case VIRTIO -> capabilities.add(Capability.DEFERRED_FLUSH);
    }
    return capabilities;
  }

  private List<ReservedRegion> reserved() {
    return switch (this) {
      case VTD, VIRTIO -> List.of(X86_MSI);
      case AMD ->
          List.of(
              X86_MSI,
              new ReservedRegion(0xfd_0000_0000L, 0xff_ffff_ffffL, ReservedRegion.Type.RESERVED));
      case SMMUV3, SMMUV3_FWB ->
          List.of(new ReservedRegion(0x800_0000L, 0x80f_ffffL, ReservedRegion.Type.SW_MSI));
    };
  }

  private HardwareInfo info(boolean dirty) {
    return switch (this) {
      case VTD ->
          info(
              IOMMU_HW_INFO_TYPE_INTEL_VTD(),
              iommu_hw_info_vtd.layout(),
              s -> {
                iommu_hw_info_vtd.flags(s, IOMMU_HW_INFO_VTD_ERRATA_772415_SPR17());
                iommu_hw_info_vtd.cap_reg(s, 0x00d2_008c_222f_0686L);
                // Dirty bits come with scalable mode: SMTS, SLADS and SLTS.
                long scalable = 1L << 43 | 1L << 45 | 1L << 46;
                iommu_hw_info_vtd.ecap_reg(s, 0xf0_0f4aL | (dirty ? scalable : 0));
              });
      case AMD ->
          info(
              IOMMU_HW_INFO_TYPE_AMD(),
              iommu_hw_info_amd.layout(),
              s -> {
                // HASup and HDSup.
                long updates = 1L << 49 | 1L << 52;
                iommu_hw_info_amd.efr(s, 0x29d3L | (dirty ? updates : 0));
              });
      case SMMUV3, SMMUV3_FWB ->
          info(
              IOMMU_HW_INFO_TYPE_ARM_SMMUV3(),
              iommu_hw_info_arm_smmuv3.layout(),
              s -> {
                // HTTU: access flag and dirty state.
                int updates = 2 << 6;
                iommu_hw_info_arm_smmuv3.idr(s, 0, 0x0d44_101b | (dirty ? updates : 0));
                iommu_hw_info_arm_smmuv3.idr(s, 1, 0x0273_0010);
                int forcesAttributes = this == SMMUV3_FWB ? Smmuv3Registers.FORCES_ATTRIBUTES : 0;
                iommu_hw_info_arm_smmuv3.idr(s, 3, 0x0000_1414 | forcesAttributes);
                iommu_hw_info_arm_smmuv3.idr(s, 5, 0x0000_0074);
                iommu_hw_info_arm_smmuv3.aidr(s, 1);
              });
      case VIRTIO -> new HardwareInfo(IOMMU_HW_INFO_TYPE_NONE(), new byte[0]);
    };
  }

  private static HardwareInfo info(
      int type, MemoryLayout layout, Consumer<MemorySegment> registers) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment data = arena.allocate(layout);
      registers.accept(data);
      return new HardwareInfo(type, data.toArray(ValueLayout.JAVA_BYTE));
    }
  }
}
