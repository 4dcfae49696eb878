// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.path;

import io.iommufd4j.exec.file.Opened;
import io.iommufd4j.exec.process.Program;
import io.iommufd4j.exec.view.Caller;
import io.iommufd4j.exec.view.Found;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.linux.HostFile;
import io.iommufd4j.linux.SeccompListener;
import io.iommufd4j.linux.SystemCall;
import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Calls on descriptors of directories and texts, and on the working directory: {@code
 * getdents64(2)}, {@code lseek(2)}, {@code chdir(2)}, {@code getcwd(2)}.
 */
final class DirectoryCalls {

  private static final long MOST_BYTES = 1 << 16;
  private static final int EXECUTE = 1;

  private final Names names;

  DirectoryCalls(Names names) {
    this.names = names;
  }

  void answer(SystemCall which, SeccompListener call) {
    switch (which) {
      case GETDENTS64 -> entries(call, true);
      case GETDENTS -> entries(call, false);
      case LSEEK -> seek(call);
      case CHDIR -> change(call);
      case FCHDIR -> changeToDescriptor(call);
      default -> working(call);
    }
  }

  private void entries(SeccompListener call, boolean wide) {
    int fd = (int) call.argument(0);
    Opened opened = names.opened(call, fd);
    Program program = opened == null ? null : names.files().newCaller(call);
    if (opened == null || program == null) {
      call.pass();
      return;
    }
    Answers.give(
        call,
        () -> {
          if (!(opened.file() instanceof OpenDirectory directory)) {
            throw Refused.with(Errno.ENOTDIR);
          }
          int own = program.take(fd);
          if (own < 0) {
            return own;
          }
          try {
            return entries(call, directory, own, wide);
          } finally {
            HostFile.close(own);
          }
        });
  }

  /** The position belongs to all descriptors of one open: that is why it is the host's. */
  private long entries(SeccompListener call, OpenDirectory directory, int own, boolean wide) {
    try (var arena = Arena.ofConfined()) {
      long room = Math.min(Integer.toUnsignedLong((int) call.argument(2)), MOST_BYTES);
      MemorySegment buffer = arena.allocate(room, Long.BYTES);
      long position = SystemCall.LSEEK.call(own, 0, Positioned.CURRENT);
      OpenDirectory.Filled filled = directory.fill(buffer, position, wide);
      names.write(call, call.argument(1), buffer.asSlice(0, filled.filled()));
      SystemCall.LSEEK.call(own, filled.next(), 0);
      return filled.filled();
    }
  }

  private void seek(SeccompListener call) {
    Opened opened = names.opened(call, (int) call.argument(0));
    if (opened != null && opened.file() instanceof Positioned file) {
      Answers.give(call, () -> file.seek(call.argument(1), (int) call.argument(2)));
    } else {
      call.pass();
    }
  }

  private void change(SeccompListener call) {
    switch (names.find(call, -1, 0, true, 0)) {
      case Found.Pass _ -> pass(call);
      case Found.Refusal refusal -> call.answer(refusal.errno().negated());
      case Found.HostFile file -> changeTo(call, file.path());
      case Found.Directory directory -> {
        if (directory.passes()) {
          pass(call);
        } else {
          names.view().changeDirectory(names.caller(call), directory.path());
          call.answer(0);
        }
      }
      case Found.Simulated _ -> call.answer(Errno.ENOTDIR.negated());
    }
  }

  /** The host can go there itself; if it does not, the process stays where it is. */
  private void pass(SeccompListener call) {
    Caller caller = names.caller(call);
    String path = names.path(call, 0);
    if (names.view().workingDirectory(caller) != null && path != null && hostRefuses(path) == 0) {
      names.view().changeDirectory(caller, null);
    }
    call.pass();
  }

  /** The host's directory, by a way that its kernel would not find. */
  private void changeTo(SeccompListener call, String path) {
    long refused = hostRefuses(path);
    if (refused == 0) {
      names.view().changeDirectory(names.caller(call), path);
    }
    call.answer(refused);
  }

  /** 0 when a process may go to a directory of the host; else −errno. */
  private static long hostRefuses(String path) {
    try (var arena = Arena.ofConfined()) {
      // The slash makes it a directory.
      long name = arena.allocateFrom(path + "/").address();
      return SystemCall.FACCESSAT.call(Names.WORKING_DIRECTORY, name, EXECUTE);
    }
  }

  private void changeToDescriptor(SeccompListener call) {
    Opened opened = names.opened(call, (int) call.argument(0));
    Caller caller = names.caller(call);
    if (opened == null) {
      names.view().changeDirectory(caller, null);
      call.pass();
    } else if (opened.file() instanceof OpenDirectory directory) {
      names.view().changeDirectory(caller, directory.directory().path());
      call.answer(0);
    } else {
      call.answer(Errno.ENOTDIR.negated());
    }
  }

  private void working(SeccompListener call) {
    String path = names.view().workingDirectory(names.caller(call));
    if (path == null) {
      call.pass();
      return;
    }
    Answers.give(
        call,
        () -> {
          try (var arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocateFrom(path);
            if (Long.compareUnsigned(bytes.byteSize(), call.argument(1)) > 0) {
              throw Refused.with(Errno.ERANGE);
            }
            names.write(call, call.argument(0), bytes);
            return bytes.byteSize();
          }
        });
  }
}
