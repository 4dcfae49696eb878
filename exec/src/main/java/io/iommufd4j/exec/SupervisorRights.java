// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec;

import io.iommufd4j.exec.process.PtraceScope;
import io.iommufd4j.linux.CloseWatch;
import io.iommufd4j.linux.HostFile;
import io.iommufd4j.linux.RemoteMemory;
import java.lang.foreign.MemorySegment;

/** System calls that a supervisor makes on programs, and that a container may forbid. */
final class SupervisorRights {

  private SupervisorRights() {}

  /**
   * Tries them on this process itself, and asks Yama about children.
   *
   * @throws NotStartedException when one is forbidden, and names it
   */
  static void check() {
    int self = (int) ProcessHandle.current().pid();
    MemorySegment vectors = RemoteMemory.vectors();
    long read = RemoteMemory.read(vectors, self, vectors.address(), vectors, Long.BYTES);
    if (read < 0) {
      throw NotStartedException.forbidden("process_vm_readv(2)", (int) read);
    }
    int pidfd = HostFile.process(self);
    if (pidfd < 0) {
      throw NotStartedException.forbidden("pidfd_open(2)", pidfd);
    }
    int taken = HostFile.take(pidfd, pidfd);
    HostFile.close(pidfd);
    if (taken < 0) {
      throw NotStartedException.forbidden("pidfd_getfd(2)", taken);
    }
    HostFile.close(taken);
    // What Yama keeps from children it does not keep from this process itself.
    PtraceScope.here()
        .obstacle()
        .ifPresent(obstacle -> {
          throw NotStartedException.outOfScope("supervised", obstacle);
        });
    int watch = CloseWatch.available();
    if (watch < 0) {
      throw NotStartedException.forbidden("inotify_init1(2)", watch);
    }
  }
}
