// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.file;

import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.sim.machine.BusNumber;
import io.iommufd4j.sim.machine.Slot;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A function that was read, before it is known which group it is in.
 *
 * @param fields its place in the file
 * @param slot the function; its group does not count
 * @param group the group that the file says
 * @param isolates whether access control (ACS) keeps it from reaching others behind the IOMMU's
 *     back
 * @param conventional whether it is a bridge behind which all functions look the same to the IOMMU
 */
record Draft(Fields fields, Slot slot, OptionalInt group, boolean isolates, boolean conventional) {

  PciAddress address() {
    return slot.address();
  }

  /** The bus behind it; empty for what is no bridge. */
  Optional<BusNumber> behind() {
    return slot.behind();
  }
}
