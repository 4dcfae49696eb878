// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.wire;

import io.iommufd4j.bindings.iommufd.iommu_hw_info;
import io.iommufd4j.bindings.iommufd.iommu_hw_info_amd;
import io.iommufd4j.bindings.iommufd.iommu_hw_info_arm_smmuv3;
import io.iommufd4j.bindings.iommufd.iommu_hw_info_tegra241_cmdqv;
import io.iommufd4j.bindings.iommufd.iommu_hw_info_vtd;
import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.data.HwCapability;
import io.iommufd4j.data.HwInfo;
import io.iommufd4j.data.HwRegisters;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.uapi.DeviceId;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.HexFormat;

/** {@code IOMMU_GET_HW_INFO}, asked again with more room until all that the driver has fits. */
public final class HardwareInfo {

  private static final int FIRST_GUESS = 64;

  private HardwareInfo() {}

  /**
   * {@return what the driver reports of the IOMMU before a device}
   *
   * @param file an open {@code /dev/iommu}
   * @param device bound to that iommufd
   * @param type {@code enum iommu_hw_info_type}; 0 for the driver's own
   * @throws io.iommufd4j.error.KernelException {@code ENOENT}, {@code EOPNOTSUPP}
   */
  public static HwInfo read(KernelFile file, DeviceId device, int type) {
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
        if (type != iommufd_h.IOMMU_HW_INFO_TYPE_DEFAULT()) {
          iommu_hw_info.flags(block, iommufd_h.IOMMU_HW_INFO_FLAG_INPUT_TYPE());
          iommu_hw_info.in_data_type(block, type);
        }
        file.ioctl(Request.IOMMU_GET_HW_INFO, block, device);
        int length = iommu_hw_info.data_len(block);
        if (length > capacity) {
          capacity = length;
          continue;
        }
        int answered = iommu_hw_info.out_data_type(block);
        return new HwInfo(
            answered,
            Byte.toUnsignedInt(iommu_hw_info.out_max_pasid_log2(block)),
            HwCapability.of(iommu_hw_info.out_capabilities(block)),
            registers(answered, data, length));
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
    if (type == iommufd_h.IOMMU_HW_INFO_TYPE_TEGRA241_CMDQV()) {
      return new HwRegisters.Tegra241Cmdqv(
          iommu_hw_info_tegra241_cmdqv.flags(data),
          Byte.toUnsignedInt(iommu_hw_info_tegra241_cmdqv.version(data)),
          Byte.toUnsignedInt(iommu_hw_info_tegra241_cmdqv.log2vcmdqs(data)),
          Byte.toUnsignedInt(iommu_hw_info_tegra241_cmdqv.log2vsids(data)));
    }
    if (type == iommufd_h.IOMMU_HW_INFO_TYPE_AMD()) {
      return new HwRegisters.Amd(iommu_hw_info_amd.efr(data), iommu_hw_info_amd.efr2(data));
    }
    byte[] bytes = data.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
    return new HwRegisters.Other(type, HexFormat.of().formatHex(bytes));
  }
}
