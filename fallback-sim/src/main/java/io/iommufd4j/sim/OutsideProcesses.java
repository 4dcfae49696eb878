// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim;

import io.iommufd4j.sim.fs.FileTable;
import io.iommufd4j.sim.fs.OpenFile;
import io.iommufd4j.sim.fs.Wakeups;
import io.iommufd4j.sim.lib.FaultPlan;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.Accounting;
import io.iommufd4j.sim.mm.OutsideMemory;
import io.iommufd4j.sim.mm.OutsidePins;
import io.iommufd4j.sim.mm.UserProcess;
import java.util.function.LongSupplier;

/**
 * The processes of a simulated kernel that are outside of this JVM. Their memory and descriptors
 * are the host's, and reached as it lets them be; whoever supervises them makes their system calls
 * here.
 */
public final class OutsideProcesses {

  private final SimKernel kernel;
  private final BootedSystem system;
  private final OutsidePins pins = new OutsidePins();

  OutsideProcesses(SimKernel kernel, BootedSystem system) {
    this.kernel = kernel;
    this.system = system;
    system.memory.reachBeyond(pins);
  }

  /**
   * A process has started, or another program in it.
   *
   * @param pid the host's number
   * @param memory its memory
   * @param descriptors its descriptors
   * @return what stands for it
   */
  public UserProcess start(int pid, OutsideMemory.Host memory, FileTable.Outside descriptors) {
    Accounting accounting = system.calling.get().accounting().forked();
    var its = new OutsideMemory(memory, system.faults, system.memory, pins);
    var process = new UserProcess(pid, its, accounting);
    system.files.add(process, descriptors);
    system.procfs.startedOutside(process);
    return process;
  }

  /**
   * Ends a process. What it has pinned stays for those who use it.
   *
   * @param process as {@link #start} gave it
   */
  public void exit(UserProcess process) {
    system.files.removeOutside(process);
    system.procfs.exited(process);
    system.wakeups.wake();
  }

  /**
   * A system call of a process.
   *
   * @param process makes it
   * @param task stands for the thread that does
   * @param call does it on this thread
   * @return ≥ 0, or −errno
   */
  public long call(UserProcess process, Object task, LongSupplier call) {
    system.faults.actFor(task);
    return system.calling.as(
        process,
        () -> {
          try {
            return call.getAsLong();
          } catch (Refused refused) {
            return (long) refused.errno().negated();
          }
        });
  }

  /**
   * {@code open(2)}, within {@link #call}.
   *
   * @param path absolute, as {@code /dev/iommu}
   * @param flags {@code O_*}
   * @return the file, with one reference
   * @throws Refused as the call does
   */
  public OpenFile open(String path, int flags) {
    OpenFile file = kernel.lookup(path, flags);
    system.files.refer(file);
    return file;
  }

  /** {@return the files, with the references to each} */
  public FileTable files() {
    return system.files;
  }

  /** {@return where calls wait until a file may be ready} */
  public Wakeups wakeups() {
    return system.wakeups;
  }

  /** {@return pages that processes have pinned} */
  public OutsidePins pins() {
    return pins;
  }

  /** {@return which of the kernel's allocations fail} */
  public FaultPlan faults() {
    return system.faults;
  }
}
