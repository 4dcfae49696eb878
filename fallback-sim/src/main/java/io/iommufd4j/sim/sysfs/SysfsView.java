// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.sysfs;

import io.iommufd4j.sim.driver.ModelDriver;
import io.iommufd4j.sim.fs.Devtmpfs;
import io.iommufd4j.sim.fs.Sysfs;
import io.iommufd4j.sim.machine.HotplugListener;
import io.iommufd4j.sim.machine.MachineInstance;
import io.iommufd4j.sim.pci.DriverCore;
import io.iommufd4j.sim.pci.PciDriver;
import io.iommufd4j.sim.pci.PciFunction;
import io.iommufd4j.sim.pci.VirtualFunctions;
import io.iommufd4j.sim.vfio.VfioPci;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The machine as {@code /sys} shows it, kept in step with the drivers. The layout is the one that
 * Linux 7.3.4 shows of the lab's machines; what nobody looks at for iommufd is left out.
 */
public final class SysfsView implements HotplugListener {

  private final Sysfs sysfs;
  private final MachineInstance machine;
  private final DriverCore core;
  private final VfioPci vfio;
  private final DeviceTree tree;
  private final FunctionsView functions;
  private final DriversView drivers;
  private final GroupsView groups;
  private final IommusView iommus;
  private final ModulesView modules;
  private final DomainsView domains;
  private final SriovView sriov;
  private final ChildDevicesView children;
  private final VfioNodesView nodes;

  /** A view that shows nothing yet. */
  public SysfsView(
      Sysfs sysfs, Devtmpfs dev, MachineInstance machine, DriverCore core, VfioPci vfio) {
    this.sysfs = sysfs;
    this.machine = machine;
    this.core = core;
    this.vfio = vfio;
    tree = new DeviceTree(machine.machine());
    functions = new FunctionsView(sysfs, core, this::enabled);
    drivers = new DriversView(sysfs, core);
    groups = new GroupsView(sysfs, tree);
    iommus = new IommusView(sysfs);
    modules = new ModulesView(sysfs, vfio.parameters());
    domains = new DomainsView(sysfs, tree);
    sriov = new SriovView(sysfs, core);
    children = new ChildDevicesView(sysfs);
    nodes = new VfioNodesView(sysfs, dev, vfio);
  }

  /**
   * Shows everything for the first time, and from now on every change.
   *
   * @param allowUnsafeInterrupts the module parameter of iommufd
   * @param mockIommu the name of the mock IOMMU's driver
   */
  public void show(AtomicBoolean allowUnsafeInterrupts, String mockIommu) {
    sysfs.directory("bus/pci/devices");
    sysfs.directory("class/vfio");
    sysfs.directory("class/vfio-dev");
    drivers.show();
    machine.functions().forEach(this::show);
    machine
        .iommu()
        .ifPresent(iommu -> machine.groups().forEach(group -> groups.show(group, iommu)));
    iommus.showMock(mockIommu);
    modules.show(allowUnsafeInterrupts);
    new InterruptChips(sysfs).show(machine.machine());
    showIommufd();
    core.onChange(this::change);
    vfio.onLeave(this::change);
    vfio.placedBy(tree::place);
  }

  /** {@code /sys/class/misc}: iommufd's node. */
  private void showIommufd() {
    sysfs.attribute("devices/virtual/misc/iommu/dev", "10:257\n");
    sysfs.attribute(
        "devices/virtual/misc/iommu/uevent", "MAJOR=10\nMINOR=257\nDEVNAME=iommu\nDEVMODE=0660\n");
    sysfs.link("class/misc/iommu", "devices/virtual/misc/iommu");
  }

  private void show(PciFunction function) {
    String place = tree.place(function);
    sysfs.link(byAddress(function), place);
    sysfs.directory(place, () -> fill(function, place));
    iommu(function).ifPresent(iommu -> iommus.show(function, place, iommu));
    change(function);
  }

  private static String byAddress(PciFunction function) {
    return "bus/pci/devices/" + function.address();
  }

  private void fill(PciFunction function, String place) {
    functions.show(function, place);
    iommu(function)
        .ifPresent(iommu -> {
          sysfs.link(place + "/iommu_group", GroupsView.directory(function.device().group()));
          sysfs.link(place + "/iommu", IommusView.directory(function, iommu));
        });
  }

  /** The driver of the IOMMU that translates for a function. */
  private Optional<ModelDriver> iommu(PciFunction function) {
    return machine.iommu().filter(_ -> function.device().translated());
  }

  /** A function's driver, override or node may be another now. */
  private synchronized void change(PciFunction function) {
    String place = tree.place(function);
    drivers.link(function, place, core.shownDriver(function).map(PciDriver::name).orElse(null));
    children.show(function, place, core.driver(function).map(PciDriver::name).orElse(null));
    nodes.show(function, place);
    if (!function.device().translated()) {
      groups.showOwn(function);
    }
  }

  /** VFIO's drivers enable a function when it is opened; the others when they take it. */
  private boolean enabled(PciFunction function) {
    return core.driver(function).isPresent() && vfio.find(function) == null;
  }

  @Override
  public void capable(VirtualFunctions virtualFunctions) {
    sriov.show(tree.place(virtualFunctions.physical()), virtualFunctions);
  }

  @Override
  public void added(PciFunction function) {
    PciFunction physical = function.physical();
    if (physical != null) {
      tree.putBeside(physical, function);
    }
    show(function);
    iommu(function).ifPresent(iommu -> groups.show(function.device().group(), iommu));
  }

  @Override
  public void removed(PciFunction function) {
    change(function);
    iommu(function)
        .ifPresent(iommu -> {
          iommus.remove(function, iommu);
          groups.remove(function);
        });
    sysfs.remove(byAddress(function));
    sysfs.remove(tree.place(function));
    tree.forget(function);
  }

  @Override
  public void linked(PciFunction physical, PciFunction virtual, int number) {
    sriov.link(tree.place(physical), tree.place(virtual), number);
  }

  @Override
  public void unlinked(PciFunction physical, PciFunction virtual, int number) {
    sriov.unlink(tree.place(physical), tree.place(virtual), number);
  }

  @Override
  public void domainAdded(PciFunction vmd) {
    domains.show(vmd);
  }

  @Override
  public void domainRemoved(PciFunction vmd) {
    domains.hide(vmd);
  }
}
