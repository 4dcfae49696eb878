// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j;

import io.iommufd4j.bindings.iommufd.iommu_hw_info;
import io.iommufd4j.bindings.iommufd.iommu_hw_info_amd;
import io.iommufd4j.bindings.iommufd.iommu_hw_info_arm_smmuv3;
import io.iommufd4j.bindings.iommufd.iommu_hw_info_vtd;
import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.uapi.DeviceId;
import io.iommufd4j.wire.KernelFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Set;

/**
 * The capabilities of the IOMMU before a device ({@code struct iommu_hw_info}).
 *
 * @param type {@code enum iommu_hw_info_type}
 * @param maxPasidLog2 width of a PASID in bits; 0 without PASIDs
 * @param capabilities what it offers beyond its kind
 * @param registers what the driver tells of the hardware
 */
public record HwInfo(
    int type, int maxPasidLog2, Set<HwCapability> capabilities, HwRegisters registers) {

  private static final int FIRST_GUESS = 64;

  /** Copies the set. */
  public HwInfo {
    capabilities = Set.copyOf(capabilities);
  }

  static HwInfo read(KernelFile file, DeviceId device) {
    int capacity = FIRST_GUESS;
    while (true) {
      try (Arena arena = Arena.ofConfined()) {
        // The data lies behind the struct in one block, so that all the kernel writes is lent.
        long header = iommu_hw_info.sizeof();
        MemorySegment block = arena.allocate(header + capacity, Long.BYTES);
        MemorySegment data = block.asSlice(header);
        iommu_hw_info.size(block, (int) header);
        iommu_hw_info.dev_id(block, device.value());
        iommu_hw_info.data_len(block, capacity);
        iommu_hw_info.data_uptr(block, data.address());
        file.ioctl(Request.IOMMU_GET_HW_INFO, block, device);
        int length = iommu_hw_info.data_len(block);
        if (length > capacity) {
          capacity = length;
          continue;
        }
        int type = iommu_hw_info.out_data_type(block);
        return new HwInfo(
            type,
            Byte.toUnsignedInt(iommu_hw_info.out_max_pasid_log2(block)),
            HwCapability.of(iommu_hw_info.out_capabilities(block)),
            registers(type, data, length));
      }
    }
  }

  private static HwRegisters registers(int type, MemorySegment data, int length) {
    if (type == iommufd_h.IOMMU_HW_INFO_TYPE_NONE()) {
      return new HwRegisters.None();
    }
    if (type == iommufd_h.IOMMU_HW_INFO_TYPE_INTEL_VTD()) {
      return new HwRegisters.Vtd(
          iommu_hw_info_vtd.flags(data),
          iommu_hw_info_vtd.cap_reg(data),
          iommu_hw_info_vtd.ecap_reg(data));
    }
    if (type == iommufd_h.IOMMU_HW_INFO_TYPE_ARM_SMMUV3()) {
      int[] idr = iommu_hw_info_arm_smmuv3.idr(data).toArray(ValueLayout.JAVA_INT);
      return new HwRegisters.SmmuV3(
          iommu_hw_info_arm_smmuv3.flags(data),
          Arrays.stream(idr).boxed().toList(),
          iommu_hw_info_arm_smmuv3.iidr(data),
          iommu_hw_info_arm_smmuv3.aidr(data));
    }
    if (type == iommufd_h.IOMMU_HW_INFO_TYPE_AMD()) {
      return new HwRegisters.Amd(iommu_hw_info_amd.efr(data), iommu_hw_info_amd.efr2(data));
    }
    byte[] bytes = data.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
    return new HwRegisters.Other(type, HexFormat.of().formatHex(bytes));
  }
}
