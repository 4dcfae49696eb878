// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim;

import io.iommufd4j.sim.fs.Devtmpfs;
import io.iommufd4j.sim.fs.FileTable;
import io.iommufd4j.sim.fs.Memfd;
import io.iommufd4j.sim.fs.Procfs;
import io.iommufd4j.sim.fs.Sysfs;
import io.iommufd4j.sim.fs.Wakeups;
import io.iommufd4j.sim.iommufd.IommufdContext;
import io.iommufd4j.sim.kernfs.Kernfs;
import io.iommufd4j.sim.lib.FaultPlan;
import io.iommufd4j.sim.lib.KernelRelease;
import io.iommufd4j.sim.machine.MachineInstance;
import io.iommufd4j.sim.machine.SriovSlots;
import io.iommufd4j.sim.machine.VmdDomain;
import io.iommufd4j.sim.mm.Accounting;
import io.iommufd4j.sim.mm.CallingProcess;
import io.iommufd4j.sim.mm.ProcessMemory;
import io.iommufd4j.sim.mm.UserProcess;
import io.iommufd4j.sim.pci.DriverCore;
import io.iommufd4j.sim.pci.SriovFunctions;
import io.iommufd4j.sim.pci.VmdDriver;
import io.iommufd4j.sim.selftest.MockIommu;
import io.iommufd4j.sim.selftest.Selftest;
import io.iommufd4j.sim.sysfs.DeviceNodes;
import io.iommufd4j.sim.sysfs.FaultKnobs;
import io.iommufd4j.sim.sysfs.SysfsView;
import io.iommufd4j.sim.vfio.VfioPci;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The parts of a kernel after it has booted: the machine's functions have their drivers, and
 * everything is shown.
 */
final class BootedSystem {

  /** The name of this very process in {@code /proc}. */
  private static final String THIS_PROGRAM = "java";

  final boolean root;
  final FaultPlan faults = new FaultPlan();
  final ProcessMemory memory = new ProcessMemory(faults);
  final Wakeups wakeups = new Wakeups();
  final CallingProcess calling;
  final FileTable files;
  final Contexts contexts;
  final Devtmpfs dev;
  final DeviceNodes nodes;
  final Kernfs tree = new Kernfs();
  final Sysfs sysfs;
  final Procfs procfs;
  final Processes processes;
  final Hardware hardware;

  /**
   * Boots.
   *
   * @param root true when the calling process is root's
   * @param accounting of the calling process
   * @param unsafeInterrupts {@code iommufd.allow_unsafe_interrupts} at boot
   */
  BootedSystem(Machine machine, boolean root, Accounting accounting, boolean unsafeInterrupts) {
    this.root = root;
    long pid = ProcessHandle.current().pid();
    calling = new CallingProcess(new UserProcess(pid, memory, accounting));
    files = new FileTable(calling);
    var allowUnsafeInterrupts = new AtomicBoolean(unsafeInterrupts);
    KernelRelease release = machine.description().release();
    var board = new MachineInstance(machine.description(), memory);
    hardware = new Hardware(board, memory);
    var vfio = new VfioPci(memory, files, calling, board.groups(), release);
    vfio.parameters().unsafeNoIommu().set(machine.description().settings().unsafeNoIommu());
    var selftest = new Selftest(new MockIommu(board.groups()), this::kernelMemory, release);
    contexts =
        new Contexts(
            () ->
                new IommufdContext(
                    calling, files, wakeups, allowUnsafeInterrupts.get(), faults, release),
            selftest);
    sysfs = new Sysfs(tree, root);
    dev = new Devtmpfs(tree);
    nodes = new DeviceNodes(dev, root, faults, vfio, contexts::open);
    procfs = new Procfs(tree, calling.get(), List.of(THIS_PROGRAM), faults, memory::maps);
    processes = new Processes(calling, files, memory, procfs, wakeups);
    dev.onRemove(procfs::deleted);
    bootDrivers(board, vfio, allowUnsafeInterrupts);
    new FaultKnobs(sysfs, faults).show();
  }

  private Memfd kernelMemory(long bytes) {
    var pages = new Memfd(memory, "kernel", 0);
    pages.truncate(bytes);
    return pages;
  }

  private void bootDrivers(MachineInstance board, VfioPci vfio, AtomicBoolean unsafeInterrupts) {
    var virtualFunctions = new SriovFunctions();
    var vmd = new VmdDriver();
    var core =
        new DriverCore(
            board.functions(), HostDrivers.of(board.machine(), vfio, virtualFunctions, vmd));
    core.autoprobe(virtualFunctions::autoprobes);
    var view = new SysfsView(sysfs, dev, board, core, vfio);
    new SriovSlots(board, core, view).find(virtualFunctions);
    core.boot(HostDrivers.chosen(board.machine()), HostDrivers.overrides(board.machine()));
    view.show(unsafeInterrupts, MockIommu.NAME);
    HostDrivers.enable(board, virtualFunctions);
    board
        .vmdDomains()
        .forEach((function, behind) ->
            vmd.leadsTo(function, new VmdDomain(board, core, view, function, behind)));
  }

  /**
   * Ends: every descriptor is closed, devices' registers are unmapped, and who waits is
   * interrupted.
   */
  void end() {
    wakeups.end();
    files.closeAll();
    memory.unmapDevices();
    procfs.end();
    tree.close();
    memory.close();
  }
}
