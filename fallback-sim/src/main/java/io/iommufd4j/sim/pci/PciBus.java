// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.pci;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A PCI bus: what resets together when the bridge above resets it. */
public final class PciBus {

  private final boolean behindBridge;
  private final List<PciFunction> functions = new CopyOnWriteArrayList<>();

  /**
   * An empty bus.
   *
   * @param behindBridge whether a bridge or root port above can reset it; nothing resets a root bus
   */
  public PciBus(boolean behindBridge) {
    this.behindBridge = behindBridge;
  }

  void add(PciFunction function) {
    functions.add(function);
  }

  void remove(PciFunction function) {
    functions.remove(function);
  }

  /** The functions on the bus, in the order they came. */
  public List<PciFunction> functions() {
    return List.copyOf(functions);
  }

  /** {@code pci_probe_reset_bus}. */
  public boolean resettable() {
    return behindBridge;
  }
}
