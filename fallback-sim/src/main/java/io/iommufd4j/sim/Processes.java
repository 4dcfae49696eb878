// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim;

import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.sim.fs.FileTable;
import io.iommufd4j.sim.fs.Procfs;
import io.iommufd4j.sim.fs.Wakeups;
import io.iommufd4j.sim.mm.CallingProcess;
import io.iommufd4j.sim.mm.ForkedMemory;
import io.iommufd4j.sim.mm.ProcessMemory;
import io.iommufd4j.sim.mm.UserProcess;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** The processes of a simulated host that come after the first, and their end. */
final class Processes {

  private final CallingProcess calling;
  private final FileTable files;
  private final ProcessMemory memory;
  private final Procfs procfs;
  private final Wakeups wakeups;
  private final AtomicLong lastPid;

  Processes(
      CallingProcess calling,
      FileTable files,
      ProcessMemory memory,
      Procfs procfs,
      Wakeups wakeups) {
    this.calling = calling;
    this.files = files;
    this.memory = memory;
    this.procfs = procfs;
    this.wakeups = wakeups;
    this.lastPid = new AtomicLong(calling.get().pid());
  }

  /** {@code fork(2)}: the child shares the descriptors of the process that calls. */
  ForkedProcess fork() {
    UserProcess parent = calling.get();
    var child = new ForkedProcess(calling, lastPid.incrementAndGet(), procfs::exited);
    procfs.forked(child.process(), parent);
    return child;
  }

  /**
   * Another program, which has nothing open.
   *
   * @param kernel what it calls
   */
  HostProcess start(Kernel kernel, List<String> command) {
    UserProcess parent = calling.get();
    var its = new ForkedMemory(parent.memory());
    var process = new UserProcess(lastPid.incrementAndGet(), its, parent.accounting().forked());
    files.add(process);
    procfs.started(process, command);
    return new HostProcess(kernel, calling, process, exiting -> exit(exiting, its));
  }

  /** {@code do_exit}: mappings go first, then descriptors. */
  private void exit(UserProcess process, ForkedMemory its) {
    for (long[] range : procfs.mappings(process)) {
      memory.unmap(range[0], range[1] - range[0]);
    }
    calling.as(
        process,
        () -> {
          files.remove(process);
          return process;
        });
    its.exit();
    procfs.exited(process);
    wakeups.wake();
  }
}
