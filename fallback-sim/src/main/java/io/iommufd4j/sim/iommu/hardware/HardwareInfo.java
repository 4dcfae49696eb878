package io.iommufd4j.sim.iommu.hardware;

/**
 * What {@code IOMMU_GET_HW_INFO} hands out for a device.
 *
 * @param type {@code enum iommu_hw_info_type}
 * @param data the type's own structure, in the UAPI's layout; not to be changed
 */
@SuppressWarnings(
    "ArrayRecordComponent") // Compared by nobody; the bytes go to user memory as they are.
public record HardwareInfo(int type, byte[] data) {}
