// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.data;

import io.iommufd4j.bindings.iommufd.iommu_vevent_arm_smmuv3;
import io.iommufd4j.bindings.iommufd.iommu_vevent_tegra241_cmdqv;
import io.iommufd4j.bindings.iommufd.iommufd_h;

/**
 * A kind of events of a vIOMMU ({@code enum iommu_veventq_type}).
 *
 * @param value the kernel's number; 0 is none
 * @param eventBytes length of an event's data
 */
public record EventType(int value, int eventBytes) {

  /** Events of an ARM SMMUv3: the faults of a guest's devices. */
  public static final EventType SMMUV3 =
      new EventType(
          iommufd_h.IOMMU_VEVENTQ_TYPE_ARM_SMMUV3(), (int) iommu_vevent_arm_smmuv3.sizeof());

  /** Errors of the command queues of an NVIDIA Tegra241. */
  public static final EventType TEGRA241_CMDQV =
      new EventType(
          iommufd_h.IOMMU_VEVENTQ_TYPE_TEGRA241_CMDQV(),
          (int) iommu_vevent_tegra241_cmdqv.sizeof());
}
