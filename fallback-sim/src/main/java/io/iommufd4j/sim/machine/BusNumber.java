// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.machine;

import io.iommufd4j.pci.PciAddress;

/**
 * A PCI bus by its number.
 *
 * @param domain PCI domain
 * @param bus from 0 to 255
 */
public record BusNumber(int domain, int bus) {

  /** The root bus that each machine has. */
  public static final BusNumber FIRST = new BusNumber(0, 0);

  /** The bus that a function is on. */
  public static BusNumber of(PciAddress address) {
    return new BusNumber(address.domain(), address.bus());
  }

  /** As sysfs names it, as {@code 0000:00}. */
  @Override
  public String toString() {
    return "%04x:%02x".formatted(domain, bus);
  }
}
