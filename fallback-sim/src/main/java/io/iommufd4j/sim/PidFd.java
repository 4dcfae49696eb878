// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.sim.fs.OpenFile;
import io.iommufd4j.sim.mm.UserProcess;
import java.util.function.Predicate;

/** A process by a descriptor ({@code pidfd_open(2)}): readable once it has ended. */
final class PidFd implements OpenFile {

  private final UserProcess process;
  private final Predicate<UserProcess> runs;

  PidFd(UserProcess process, Predicate<UserProcess> runs) {
    this.process = process;
    this.runs = runs;
  }

  UserProcess process() {
    return process;
  }

  @Override
  public int poll() {
    return runs.test(process) ? 0 : libc_h.POLLIN();
  }

  @Override
  public String shownAs() {
    return "anon_inode:[pidfd]";
  }
}
