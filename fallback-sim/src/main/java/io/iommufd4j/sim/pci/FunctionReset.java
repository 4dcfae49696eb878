// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.pci;

import static io.iommufd4j.bindings.pci.pci_h.PCI_CAP_ID_EXP;
import static io.iommufd4j.bindings.pci.pci_h.PCI_CAP_ID_PM;

import java.util.List;
import java.util.stream.Stream;

/** A way to reset a function by itself ({@code struct pci_reset_fn_method}). */
public enum FunctionReset {
  /** {@code pcie_reset_flr}: a function level reset, where the Express capability has one. */
  FLR("flr") {
    @Override
    boolean possible(PciFunction function) {
      PciConfigSpace config = function.config();
      int at = config.find(PCI_CAP_ID_EXP());
      return at != 0 && (config.read(at + DEVICE_CAPABILITIES, 4) & FUNCTION_LEVEL_RESET) != 0;
    }
  },

  /** {@code pci_pm_reset}: a function that forgets its state in D3hot is brought there and back. */
  PM("pm") {
    @Override
    boolean possible(PciFunction function) {
      PciConfigSpace config = function.config();
      int at = config.find(PCI_CAP_ID_PM());
      return at != 0 && (config.read(at + POWER_CONTROL, 2) & KEEPS_STATE) == 0;
    }
  },

  /** {@code pci_reset_bus_function}: the bridge above resets the bus, if nothing else is on it. */
  BUS("bus") {
    @Override
    boolean possible(PciFunction function) {
      return function.bus().resettable()
          && function.bus().functions().stream().allMatch(other -> other == function);
    }
  };

  private static final int DEVICE_CAPABILITIES = 4;

  /** {@code PCI_PM_CTRL}, and {@code PCI_PM_CTRL_NO_SOFT_RESET} in it. */
  private static final int POWER_CONTROL = 4;

  private static final int KEEPS_STATE = 8;
  private static final int FUNCTION_LEVEL_RESET = 1 << 28;

  private final String label;

  FunctionReset(String label) {
    this.label = label;
  }

  /** As sysfs names it. */
  public String label() {
    return label;
  }

  /** True if the function can be reset in this way at this moment. */
  abstract boolean possible(PciFunction function);

  static List<FunctionReset> of(PciFunction function) {
    return Stream.of(values()).filter(way -> way.possible(function)).toList();
  }
}
