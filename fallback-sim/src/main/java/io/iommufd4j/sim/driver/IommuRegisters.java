// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.driver;

import io.iommufd4j.sim.iommu.hardware.Capability;
import io.iommufd4j.sim.iommu.hardware.HardwareInfo;
import io.iommufd4j.sim.iommu.hardware.ReservedRegion;
import java.util.List;

/**
 * The identification registers of an IOMMU, and the abilities that its driver derives from them.
 * Another machine has other values here.
 */
public interface IommuRegisters {

  /**
   * True if a domain can be made with a set of flags.
   *
   * @param flags {@code IOMMU_HWPT_ALLOC_*}, the fault queue's apart
   */
  boolean serves(int flags);

  /** Inclusive last IOVA of a domain made with flags that it {@link #serves}; the first is 0. */
  long apertureLast(int flags);

  /** A bit for each page size of a domain made with flags that it {@link #serves}. */
  long pageSizes(int flags);

  /** True if it has a capability for any device. */
  boolean capable(Capability capability);

  /** The IOVAs that no device behind it can use. */
  List<ReservedRegion> reserved();

  /** The answer to {@code IOMMU_GET_HW_INFO}. */
  HardwareInfo info();

  /** The same hardware with addresses of fewer bits. */
  IommuRegisters narrowedTo(int bits);
}
