// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.machine;

import io.iommufd4j.sim.pci.DriverCore;
import io.iommufd4j.sim.pci.PciFunction;
import io.iommufd4j.sim.pci.VmdDriver;
import java.util.List;

/**
 * The PCI domain behind a VMD: its functions are there while the VMD's driver is, and in the VMD's
 * group. Whoever changes them holds the VMD's place in the {@link DriverCore}.
 */
public final class VmdDomain implements VmdDriver.Domain {

  private final MachineInstance machine;
  private final DriverCore core;
  private final HotplugListener listener;
  private final PciFunction vmd;
  private final List<PciFunction> functions;

  private boolean present = true;

  /**
   * A domain that is there.
   *
   * @param vmd what it lies behind
   * @param functions those above before those below
   */
  public VmdDomain(
      MachineInstance machine,
      DriverCore core,
      HotplugListener listener,
      PciFunction vmd,
      List<PciFunction> functions) {
    this.machine = machine;
    this.core = core;
    this.listener = listener;
    this.vmd = vmd;
    this.functions = functions;
    listener.domainAdded(vmd);
  }

  @Override
  public void appear() {
    if (present) {
      return;
    }
    listener.domainAdded(vmd);
    for (PciFunction function : functions) {
      machine.putBack(function, vmd);
      core.add(function, null);
      listener.added(function);
    }
    present = true;
    functions.forEach(function -> core.probe(function.address()));
  }

  @Override
  public void disappear() {
    List<PciFunction> fromBelow = functions.reversed();
    fromBelow.forEach(core::remove);
    for (PciFunction function : fromBelow) {
      listener.removed(function);
      core.forget(function);
      machine.takeOut(function);
    }
    listener.domainRemoved(vmd);
    present = false;
  }
}
