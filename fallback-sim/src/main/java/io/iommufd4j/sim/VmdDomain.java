package io.iommufd4j.sim;

import io.iommufd4j.sim.pci.DriverCore;
import io.iommufd4j.sim.pci.PciFunction;
import io.iommufd4j.sim.pci.VmdDriver;
import java.util.List;

/**
 * The PCI domain behind a VMD: its functions are there while the VMD's driver is, and in the VMD's
 * group. Whoever changes them holds the VMD's place in the {@link DriverCore}.
 */
final class VmdDomain implements VmdDriver.Domain {

  private final Board board;
  private final DriverCore core;
  private final SysfsView view;
  private final PciFunction vmd;
  private final List<PciFunction> functions;

  private boolean present = true;

  /**
   * A domain that is there.
   *
   * @param vmd what it lies behind
   * @param functions those above before those below
   */
  VmdDomain(
      Board board, DriverCore core, SysfsView view, PciFunction vmd, List<PciFunction> functions) {
    this.board = board;
    this.core = core;
    this.view = view;
    this.vmd = vmd;
    this.functions = functions;
    view.showDomain(vmd);
  }

  @Override
  public void appear() {
    if (present) {
      return;
    }
    view.showDomain(vmd);
    for (PciFunction function : functions) {
      board.putBack(function, vmd);
      core.add(function, null);
      view.add(function);
    }
    present = true;
    functions.forEach(function -> core.probe(function.address()));
  }

  @Override
  public void disappear() {
    List<PciFunction> fromBelow = functions.reversed();
    fromBelow.forEach(core::remove);
    for (PciFunction function : fromBelow) {
      view.remove(function);
      core.forget(function);
      board.takeOut(function);
    }
    view.hideDomain(vmd);
    present = false;
  }
}
