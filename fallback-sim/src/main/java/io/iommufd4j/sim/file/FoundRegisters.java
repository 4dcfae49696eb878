// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.file;

import static io.iommufd4j.bindings.pci.pci_h.PCI_CAP_ID_EXP;
import static io.iommufd4j.bindings.pci.pci_h.PCI_HEADER_TYPE;

import io.iommufd4j.sim.machine.RegisterBytes;
import io.iommufd4j.sim.pci.PciConfigSpace;

/** The meaning of a function's configuration registers for where it is and what is around it. */
final class FoundRegisters {

  private static final int TYPE = 0x7f;
  private static final int SECONDARY = 0x19;
  private static final int EXPRESS_TYPE_SHIFT = 4;
  private static final int EXPRESS_TO_PCI = 7;
  private static final int ACCESS_CONTROL = 0x0d;
  private static final int CONTROL = 6;

  /** Source validation, request and completion redirect, upstream forwarding: what Linux wants. */
  private static final int ISOLATING = 0x1d;

  private final RegisterBytes registers;
  private final PciConfigSpace config;

  FoundRegisters(RegisterBytes registers) {
    this.registers = registers;
    this.config = registers.config();
  }

  boolean bridge() {
    return (registers.read(PCI_HEADER_TYPE(), 1) & TYPE) == 1;
  }

  int secondaryBus() {
    return registers.read(SECONDARY, 1);
  }

  /** True if it may have extended capabilities. */
  boolean express() {
    return config.size() == PciConfigSpace.EXPRESS;
  }

  /** A bridge to conventional PCI, or between two such buses. */
  boolean conventionalBridge() {
    int at = config.find(PCI_CAP_ID_EXP());
    return bridge()
        && (at == 0 || (config.read(at + 2, 1) >> EXPRESS_TYPE_SHIFT & 0xf) == EXPRESS_TO_PCI);
  }

  /** {@code pci_acs_enabled}. */
  boolean isolates() {
    int at = config.findExtended(ACCESS_CONTROL);
    return at != 0 && (config.read(at + CONTROL, 2) & ISOLATING) == ISOLATING;
  }
}
