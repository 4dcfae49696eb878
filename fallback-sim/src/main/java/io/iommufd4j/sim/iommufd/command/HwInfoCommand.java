// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd.command;

import io.iommufd4j.bindings.iommufd.iommu_hw_info;
import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.iommu.hardware.Capability;
import io.iommufd4j.sim.iommu.hardware.HardwareInfo;
import io.iommufd4j.sim.iommu.hardware.PasidFeature;
import io.iommufd4j.sim.iommufd.IommufdDevice;
import io.iommufd4j.sim.lib.Behavior;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.UserMemory;
import io.iommufd4j.sim.mm.VersionedStruct;
import java.lang.foreign.MemorySegment;

/** {@code IOMMU_GET_HW_INFO}. */
final class HwInfoCommand {

  private HwInfoCommand() {}

  /**
   * EOPNOTSUPP for unknown flags, reserved fields, a device without IOMMU or a type that the
   * hardware is not, ENOENT for an unknown device, EFAULT. A buffer longer than the data is filled
   * with zeros; the data's own length is written back.
   */
  static void execute(Command command) {
    MemorySegment block = command.block();
    boolean typed = (iommu_hw_info.flags(block) & iommufd_h.IOMMU_HW_INFO_FLAG_INPUT_TYPE()) != 0;
    boolean byType = command.context().release().has(Behavior.HARDWARE_INFO_BY_TYPE);
    int known = byType ? iommufd_h.IOMMU_HW_INFO_FLAG_INPUT_TYPE() : 0;
    if ((iommu_hw_info.flags(block) & ~known) != 0
        || iommu_hw_info.__reserved(block, 0) != 0
        || iommu_hw_info.__reserved(block, 1) != 0
        || iommu_hw_info.__reserved(block, 2) != 0) {
      throw Refused.with(Errno.EOPNOTSUPP);
    }
    if (!typed) {
      iommu_hw_info.in_data_type(block, iommufd_h.IOMMU_HW_INFO_TYPE_DEFAULT());
    }
    IommufdDevice device = command.objects().get(iommu_hw_info.dev_id(block), IommufdDevice.class);
    try {
      if (!device.hardware().translated()) {
        throw Refused.with(Errno.EOPNOTSUPP);
      }
      answer(command, device.hardware());
    } finally {
      command.objects().put(device);
    }
  }

  private static void answer(Command command, IommuDevice device) {
    MemorySegment block = command.block();
    command.context().faults().alloc();
    HardwareInfo info = device.driver().hardwareInfo(device, iommu_hw_info.in_data_type(block));
    iommu_hw_info.out_data_type(block, info.type());
    byte[] data = info.data();
    long room = Integer.toUnsignedLong(iommu_hw_info.data_len(block));
    long address = iommu_hw_info.data_uptr(block);
    long copied = Math.min(room, data.length);
    UserMemory memory = command.context().memory();
    if (copied > 0) {
      memory.copyOut(address, MemorySegment.ofArray(data).asSlice(0, copied));
    }
    VersionedStruct.clear(memory, address + copied, room - copied);
    iommu_hw_info.data_len(block, data.length);
    long capabilities = 0;
    if (device.driver().capable(device, Capability.DIRTY_TRACKING)) {
      capabilities |= iommufd_h.IOMMU_HW_CAP_DIRTY_TRACKING();
    }
    if (command.context().release().has(Behavior.HARDWARE_INFO_BY_TYPE)
        && !device.driver().capable(device, Capability.PCI_ATS_SUPPORTED)) {
      capabilities |= iommufd_h.IOMMU_HW_CAP_PCI_ATS_NOT_SUPPORTED();
    }
    int pasids = device.maxPasids();
    if (pasids > 0) {
      capabilities |= pasidCapabilities(device);
    }
    iommu_hw_info.out_capabilities(block, capabilities);
    iommu_hw_info.out_max_pasid_log2(
        block, (byte) (pasids == 0 ? 0 : Integer.SIZE - 1 - Integer.numberOfLeadingZeros(pasids)));
    command.respond(iommu_hw_info.sizeof());
  }

  private static long pasidCapabilities(IommuDevice device) {
    long capabilities = 0;
    for (PasidFeature feature : device.driver().pasidFeatures(device)) {
      capabilities |=
          switch (feature) {
            case EXECUTE -> iommufd_h.IOMMU_HW_CAP_PCI_PASID_EXEC();
            case PRIVILEGED -> iommufd_h.IOMMU_HW_CAP_PCI_PASID_PRIV();
          };
    }
    return capabilities;
  }
}
