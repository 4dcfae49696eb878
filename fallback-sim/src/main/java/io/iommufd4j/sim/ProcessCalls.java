// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.fs.FileTable;
import io.iommufd4j.sim.fs.OpenFile;
import io.iommufd4j.sim.fs.Procfs;
import io.iommufd4j.sim.fs.Wakeups;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.CallingProcess;
import io.iommufd4j.sim.mm.UserProcess;
import java.util.ArrayList;
import java.util.List;

/** The system calls by which processes get each other's open files. */
final class ProcessCalls {

  /** {@code SCM_MAX_FD}. */
  private static final int MOST = 253;

  private final boolean root;
  private final CallingProcess calling;
  private final FileTable files;
  private final Procfs procfs;
  private final Wakeups wakeups;

  ProcessCalls(BootedSystem system) {
    this.root = system.root;
    this.calling = system.calling;
    this.files = system.files;
    this.procfs = system.procfs;
    this.wakeups = system.wakeups;
  }

  /** {@code pidfd_open(2)}. */
  int open(long pid) {
    if (pid <= 0) {
      throw Refused.with(Errno.EINVAL);
    }
    UserProcess process = procfs.process(pid);
    return files.open(new PidFd(process, procfs::runs), libc_h.O_RDWR());
  }

  /** {@code pidfd_getfd(2)}. */
  int get(int pidfd, int fd) {
    OpenFile opened = files.hold(pidfd);
    try {
      if (!(opened instanceof PidFd of)) {
        throw Refused.with(Errno.EBADF);
      }
      UserProcess process = of.process();
      if (!procfs.runs(process)) {
        throw Refused.with(Errno.ESRCH);
      }
      if (!root && process != calling.get()) {
        throw Refused.with(Errno.EPERM);
      }
      OpenFile wanted = calling.as(process, () -> files.hold(fd));
      int taken = files.adopt(wanted);
      procfs.passed(process, fd, calling.get(), taken);
      return taken;
    } finally {
      files.drop(opened);
    }
  }

  /** {@code socketpair(2)}. */
  int pair(int[] pair) {
    List<UnixSocket> ends = UnixSocket.pair(files, wakeups);
    pair[0] = files.open(ends.getFirst(), libc_h.O_RDWR());
    pair[1] = files.open(ends.getLast(), libc_h.O_RDWR());
    return 0;
  }

  /** {@code sendmsg(2)}. */
  int send(int socket, int[] fds) {
    if (fds.length == 0 || fds.length > MOST) {
      throw Refused.with(Errno.EINVAL);
    }
    OpenFile end = files.hold(socket);
    var held = new ArrayList<OpenFile>();
    try {
      if (!(end instanceof UnixSocket local)) {
        throw Refused.with(Errno.ENOTSOCK);
      }
      for (int fd : fds) {
        held.add(files.hold(fd));
      }
      local.send(List.copyOf(held));
      held.clear();
      return 0;
    } finally {
      held.forEach(files::drop);
      files.drop(end);
    }
  }

  /** {@code recvmsg(2)}. */
  int receive(int socket, int[] fds) {
    if (fds.length == 0) {
      throw Refused.with(Errno.EINVAL);
    }
    OpenFile end = files.hold(socket);
    try {
      if (!(end instanceof UnixSocket local)) {
        throw Refused.with(Errno.ENOTSOCK);
      }
      List<OpenFile> message = local.receive();
      int count = Math.min(message.size(), fds.length);
      for (int i = 0; i < count; i++) {
        fds[i] = files.adopt(message.get(i));
      }
      message.subList(count, message.size()).forEach(files::drop);
      return count;
    } finally {
      files.drop(end);
    }
  }
}
