// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.machine;

import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.sim.iommu.hardware.ReservedRegion;
import io.iommufd4j.sim.pci.FunctionKind;
import java.util.Optional;

/**
 * A PCI function in its place.
 *
 * @param address where it is
 * @param kind what it is
 * @param secondaryDomain the PCI domain of the bus behind it: its own unless it is a VMD
 * @param secondaryBus the bus behind it, when it is a bridge or a VMD; else 0
 * @param group functions of one number share an IOMMU group; these numbers are not sysfs'
 * @param apertureBits {@link #FIRST_IOMMU}, or how many bits of IOVA the second IOMMU translates,
 *     when it sits behind that one
 * @param virtualFunctions how many it can have (SR-IOV); 0 for none
 * @param direct what the firmware of a machine with VT-d asks to be mapped one to one for it
 *     (RMRR); empty for nothing
 */
public record Slot(
    PciAddress address,
    FunctionKind kind,
    int secondaryDomain,
    int secondaryBus,
    int group,
    int apertureBits,
    int virtualFunctions,
    Optional<ReservedRegion> direct) {

  /** {@link #apertureBits} of a function behind the machine's first IOMMU. */
  public static final int FIRST_IOMMU = 0;

  /** Says if a function is on the bus directly behind this one. */
  boolean leadsTo(PciAddress other) {
    return secondaryBus != 0 && secondaryBus == other.bus() && secondaryDomain == other.domain();
  }

  Slot withApertureBits(int bits) {
    return new Slot(
        address, kind, secondaryDomain, secondaryBus, group, bits, virtualFunctions, direct);
  }

  Slot withDirect(ReservedRegion region) {
    return new Slot(
        address,
        kind,
        secondaryDomain,
        secondaryBus,
        group,
        apertureBits,
        virtualFunctions,
        Optional.of(region));
  }
}
