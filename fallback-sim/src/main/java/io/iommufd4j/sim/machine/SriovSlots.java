// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.machine;

import io.iommufd4j.sim.pci.DriverCore;
import io.iommufd4j.sim.pci.PciFunction;
import io.iommufd4j.sim.pci.SriovFunctions;
import io.iommufd4j.sim.pci.VirtualFunctions;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Puts virtual functions into a running machine and takes them out: of the machine, from under the
 * drivers, and where they are shown.
 */
public final class SriovSlots implements VirtualFunctions.Slots {

  private final MachineInstance machine;
  private final DriverCore core;
  private final HotplugListener listener;

  /** Slots of a machine whose functions are all known to the driver core. */
  public SriovSlots(MachineInstance machine, DriverCore core, HotplugListener listener) {
    this.machine = machine;
    this.core = core;
    this.listener = listener;
  }

  /** Notes what each function with SR-IOV can have. */
  public void find(SriovFunctions all) {
    for (PciFunction function : machine.functions()) {
      var capability = function.sriov();
      if (capability != null) {
        var functions = new VirtualFunctions(function, capability, this);
        all.add(functions);
        listener.capable(functions);
      }
    }
  }

  @Override
  public PciFunction add(PciFunction physical, int number, @Nullable String driver) {
    PciFunction virtual = machine.addVirtual(physical, number);
    core.add(virtual, driver);
    listener.added(virtual);
    listener.linked(physical, virtual, number);
    core.probe(virtual.address());
    return virtual;
  }

  @Override
  public void remove(PciFunction virtual, int number) {
    PciFunction physical = Objects.requireNonNull(virtual.physical());
    listener.unlinked(physical, virtual, number);
    core.remove(virtual);
    listener.removed(virtual);
    core.forget(virtual);
    machine.removeVirtual(virtual);
  }
}
