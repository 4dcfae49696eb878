package io.iommufd4j.sim;

import io.iommufd4j.sim.pci.DriverCore;
import io.iommufd4j.sim.pci.PciFunction;
import io.iommufd4j.sim.pci.SriovFunctions;
import io.iommufd4j.sim.pci.VirtualFunctions;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Puts virtual functions into a running machine and takes them out: on the board, under the
 * drivers, in sysfs.
 */
final class SriovSlots implements VirtualFunctions.Slots {

  private final Board board;
  private final DriverCore core;
  private final SysfsView view;
  private final SriovView links;

  SriovSlots(Board board, DriverCore core, SysfsView view, SriovView links) {
    this.board = board;
    this.core = core;
    this.view = view;
    this.links = links;
  }

  /** Shows what each function with SR-IOV can have, and notes it. */
  void show(SriovFunctions all) {
    for (PciFunction function : board.functions()) {
      var capability = function.sriov();
      if (capability != null) {
        var functions = new VirtualFunctions(function, capability, this);
        all.add(functions);
        links.show(view.place(function), functions);
      }
    }
  }

  @Override
  public PciFunction add(PciFunction physical, int number, @Nullable String driver) {
    PciFunction virtual = board.addVirtual(physical, number);
    core.add(virtual, driver);
    view.add(virtual);
    links.link(view.place(physical), virtual, view.place(virtual), number);
    core.probe(virtual.address());
    return virtual;
  }

  @Override
  public void remove(PciFunction virtual, int number) {
    PciFunction physical = Objects.requireNonNull(virtual.physical());
    links.unlink(view.place(physical), view.place(virtual), number);
    core.remove(virtual);
    view.remove(virtual);
    core.forget(virtual);
    board.removeVirtual(virtual);
  }
}
