// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.driver;

import io.iommufd4j.sim.iommu.hardware.ReservedRegion;
import java.util.List;
import java.util.Locale;

/**
 * The IOMMUs that QEMU emulates, by the registers that Linux 7.3.4's drivers find. Dirty tracking,
 * which none of them has in QEMU, can be added where the driver knows it.
 */
public enum IommuPreset {
  /** Intel VT-d in legacy mode, 48 bits wide. */
  VTD("dmar0"),
  /** Intel VT-d in scalable mode with the first stage alone and PASIDs, as QEMU 11.1 has it. */
  VTD_SCALABLE("dmar0"),
  /** AMD-Vi of QEMU 7.2, 48 bits wide. */
  AMD("ivhd0"),
  /** AMD-Vi of QEMU 11.1, 64 bits wide. */
  AMD_REMAP("ivhd0"),
  /** ARM SMMUv3 with both stages. */
  SMMUV3("smmu3.0x0000000009050000"),
  /** virtio-iommu of a PC. */
  VIRTIO("virtio0"),
  /**
   * An SMMUv3 that can force memory attributes in the second stage: what Linux asks for before it
   * makes a virtual one. QEMU's has that only with its identification changed.
   */
  SMMUV3_FWB("smmu3.0x0000000009050000");

  private final String unitName;

  IommuPreset(String unitName) {
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
    return driver(unit(dirtyTracking));
  }

  /** A driver that runs an IOMMU, which may be no preset's. */
  public static ModelDriver driver(IommuUnit unit) {
    return switch (unit.registers().model()) {
      case VTD -> new IntelVtd(unit);
      case AMD -> new AmdIommu(unit);
      case SMMUV3 -> new ArmSmmuV3(unit);
      case VIRTIO -> new VirtioIommu(unit);
    };
  }

  /** One such IOMMU; {@code dirtyTracking} as in {@link #driver}. */
  public IommuUnit unit(boolean dirtyTracking) {
    return new IommuUnit(unitName, registers().trackingDirty(dirtyTracking));
  }

  private IommuRegisters registers() {
    return switch (this) {
      case VTD -> new VtdRegisters(0x00d2_008c_222f_0686L, 0xf0_0f4aL);
      case VTD_SCALABLE -> new VtdRegisters(0x81d2_008c_222f_0686L, 0x8d9a_20f0_0f4eL);
      case AMD -> new AmdRegisters(0x29d3L, 0, 48);
      case AMD_REMAP -> new AmdRegisters(0x29d7L, 0, 64);
      case SMMUV3 -> smmuv3(0);
      case SMMUV3_FWB -> smmuv3(Smmuv3Registers.FORCES_ATTRIBUTES);
      case VIRTIO -> new VirtioIommuConfig(-4096, -1, List.of(ReservedRegion.X86_MESSAGES));
    };
  }

  private static Smmuv3Registers smmuv3(int forcesAttributes) {
    return new Smmuv3Registers(
        0x0d44_101b, 0x0273_0010, 0x0000_1414 | forcesAttributes, 0x0000_0074, 1, 48);
  }
}
