// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.driver;

import io.iommufd4j.sim.iommu.hardware.Capability;
import io.iommufd4j.sim.iommu.hardware.HardwareInfo;
import io.iommufd4j.sim.iommu.hardware.ReservedRegion;
import java.util.List;
import java.util.Map;

/**
 * The identification registers of an IOMMU, and the abilities that its driver derives from them.
 * Another machine has other values here.
 */
public interface IommuRegisters {

  /** The family that they are of. */
  IommuModel model();

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

  /**
   * True if what is mapped may be read, whatever the mapping says: entries of such a page table
   * have a bit that permits writes and none that permits reads.
   */
  default boolean readsAll(int flags) {
    return false;
  }

  /** True if it has a capability for any device. */
  boolean capable(Capability capability);

  /** The IOVAs that no device behind it can use. */
  List<ReservedRegion> reserved();

  /** The answer to {@code IOMMU_GET_HW_INFO}. */
  HardwareInfo info();

  /** Their attributes in sysfs, by the path in the IOMMU's directory. */
  default Map<String, String> attributes() {
    return Map.of();
  }

  /** The same hardware, tracking which pages DMA wrote or not; where the driver knows that. */
  IommuRegisters trackingDirty(boolean tracks);

  /** The same hardware with addresses of fewer bits. */
  IommuRegisters narrowedTo(int bits);
}
