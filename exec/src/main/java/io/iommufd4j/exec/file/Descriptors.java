// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.file;

import io.iommufd4j.exec.process.Program;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.linux.HostFile;
import io.iommufd4j.linux.SeccompListener;
import io.iommufd4j.sim.fs.FileTable;
import io.iommufd4j.sim.fs.OpenFile;
import io.iommufd4j.sim.lib.Refused;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The descriptors of a program, which the host keeps. Those that the supervisor gives have numbers
 * from a first one on, so that calls with others need not be looked at.
 */
final class Descriptors implements FileTable.Outside {

  private static final int RLIMIT_NOFILE = 7;

  private final Program program;
  private final OpenedFiles opened;
  private final HostFiles host;
  private final CurrentCall current;
  private final int first;

  /** Numbers of descriptors that are about to be given; guarded by this. */
  private final Set<Integer> reserved = new HashSet<>();

  Descriptors(Program program, OpenedFiles opened, HostFiles host, CurrentCall current, int first) {
    this.program = program;
    this.opened = opened;
    this.host = host;
    this.current = current;
    this.first = first;
  }

  @Override
  public @Nullable OpenFile find(int fd) {
    if (fd < 0) {
      return null;
    }
    Opened simulated = opened.at(program, fd);
    return simulated != null ? simulated.file() : host.find(program, fd);
  }

  @Override
  public synchronized int reserve(OpenFile file) {
    long limit = HostFile.limit(program.pid(), RLIMIT_NOFILE);
    // A program may have lowered its limit.
    long from = first < limit ? first : limit / 2;
    for (int fd = (int) from; fd < limit; fd++) {
      if (!reserved.contains(fd) && program.inode(fd) < 0) {
        reserved.add(fd);
        return fd;
      }
    }
    throw Refused.with(Errno.EMFILE);
  }

  @Override
  public void install(int fd, OpenFile file) {
    try {
      give(opened.add(file, "", 2), fd, true);
    } finally {
      cancel(fd);
    }
  }

  @Override
  public synchronized void cancel(int fd) {
    reserved.remove(fd);
  }

  /** Gives a file that was just opened. */
  private int give(Opened file, int fd, boolean closeOnExec) {
    SeccompListener call = current.listener();
    int given = call.give(opened.give(file), fd, closeOnExec);
    opened.given(file);
    return given;
  }
}
