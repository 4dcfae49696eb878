// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.machine;

import io.iommufd4j.sim.pci.PciFunction.Bar;
import java.util.List;
import java.util.Optional;

/**
 * The virtual functions of a function that is described by its registers.
 *
 * @param total how many it can have
 * @param offset the distance from it to the first of them
 * @param stride the distance from one to the next
 * @param device their {@code PCI_DEVICE_ID}
 * @param bars those of the first one; those of the others follow
 * @param enabled how many there are when the machine has booted
 * @param driver the driver that these have, or {@link FunctionDetails#NO_DRIVER}; empty for
 *     whichever wants them
 * @param groups the numbers of their groups at boot, which they have alone, in their order; empty
 *     for the next free ones
 */
public record SriovDetails(
    int total,
    int offset,
    int stride,
    int device,
    List<Bar> bars,
    int enabled,
    Optional<String> driver,
    List<Integer> groups) {

  /** Copies what could change. */
  public SriovDetails {
    bars = List.copyOf(bars);
    groups = List.copyOf(groups);
  }
}
