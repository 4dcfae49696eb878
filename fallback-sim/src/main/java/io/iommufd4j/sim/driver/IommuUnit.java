// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.driver;

import io.iommufd4j.sim.iommu.hardware.Capability;
import io.iommufd4j.sim.iommu.hardware.ReservedRegion;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * One IOMMU of a machine. A driver may run several, and they need not be alike.
 *
 * @param name as {@code /sys/class/iommu} names it, as {@code dmar0}
 * @param registers what it says of itself
 */
public record IommuUnit(String name, IommuRegisters registers) {

  /** Inclusive last IOVA of a domain made without flags; the first is 0. */
  public long apertureLast() {
    return registers.apertureLast(0);
  }

  /** All that it can do for any device. */
  public Set<Capability> capabilities() {
    Set<Capability> capabilities = EnumSet.noneOf(Capability.class);
    Arrays.stream(Capability.values()).filter(registers::capable).forEach(capabilities::add);
    return capabilities;
  }

  /** The IOVAs that no device behind it can use. */
  public List<ReservedRegion> reserved() {
    return registers.reserved();
  }

  /**
   * The same IOMMU with narrower page tables.
   *
   * @param last inclusive last IOVA, one less than a power of two
   */
  public IommuUnit withAperture(String otherName, long last) {
    int bits = Long.SIZE - Long.numberOfLeadingZeros(last);
    return new IommuUnit(otherName, registers.narrowedTo(bits));
  }
}
