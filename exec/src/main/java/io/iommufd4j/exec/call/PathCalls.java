// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.call;

import io.iommufd4j.exec.file.Opened;
import io.iommufd4j.exec.file.ProgramFiles;
import io.iommufd4j.exec.view.FileFacts;
import io.iommufd4j.exec.view.Found;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.linux.HostFile;
import io.iommufd4j.linux.SeccompListener;
import io.iommufd4j.linux.SystemCall;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Calls that tell of a file by its path: {@code stat(2)}, {@code access(2)}, {@code readlink(2)}.
 */
final class PathCalls {

  private static final int NO_FOLLOW = 0x100;
  private static final int EMPTY_PATH = 0x1000;
  private static final int OTHERS = 0007;
  private static final int EXECUTE = 1;

  private final ProgramFiles files;
  private final PathArguments paths;

  PathCalls(ProgramFiles files, PathArguments paths) {
    this.files = files;
    this.paths = paths;
  }

  void answer(SystemCall which, SeccompListener call) {
    int directory = PathArguments.WORKING_DIRECTORY;
    switch (which) {
      case STAT -> stat(which, call, directory, 0, 1, 0);
      case LSTAT -> stat(which, call, directory, 0, 1, NO_FOLLOW);
      case FSTAT -> statDescriptor(which, call, (int) call.argument(0), call.argument(1));
      case NEWFSTATAT -> stat(which, call, (int) call.argument(0), 1, 2, (int) call.argument(3));
      case STATX -> stat(which, call, (int) call.argument(0), 1, 4, (int) call.argument(2));
      case ACCESS -> access(call, directory, 0, (int) call.argument(1), 0);
      case FACCESSAT -> access(call, (int) call.argument(0), 1, (int) call.argument(2), 0);
      case FACCESSAT2 ->
          access(call, (int) call.argument(0), 1, (int) call.argument(2), (int) call.argument(3));
      case GETXATTR, LISTXATTR -> noAttributes(call, true);
      case LGETXATTR, LLISTXATTR -> noAttributes(call, false);
      case READLINK -> readLink(call, directory, 0);
      case READLINKAT -> readLink(call, (int) call.argument(0), 1);
      default -> call.pass();
    }
  }

  private void stat(
      SystemCall which, SeccompListener call, int directory, int path, int block, int flags) {
    boolean follow = (flags & NO_FOLLOW) == 0;
    if ((flags & EMPTY_PATH) != 0 && directory >= 0) {
      String name = files.programs().string(call.thread(), call.argument(path), 2);
      if (name != null && name.isEmpty()) {
        statDescriptor(which, call, directory, call.argument(block));
        return;
      }
    }
    switch (paths.find(call, directory, call.argument(path), follow, 0)) {
      case Found.Refusal refusal -> call.answer(refusal.errno().negated());
      case Found.Simulated file -> tell(which, call, file.facts(), call.argument(block));
      case Found.HostFile host ->
          call.answer(hosts(which, host.path(), follow, call, call.argument(block)));
      case Found.Pass _ -> call.pass();
    }
  }

  private void statDescriptor(SystemCall which, SeccompListener call, int fd, long block) {
    Opened opened = paths.opened(call, fd);
    FileFacts facts = opened == null || !call.waits() ? null : facts(call, opened);
    if (facts == null) {
      call.pass();
    } else {
      tell(which, call, facts, block);
    }
  }

  private @Nullable FileFacts facts(SeccompListener call, Opened opened) {
    if (opened.file() instanceof SimulatedDirectory directory) {
      return directory.directory().facts();
    }
    return !opened.path().isEmpty()
            && paths.view().find(paths.caller(call), null, opened.path(), true, 0)
                instanceof Found.Simulated file
        ? file.facts()
        : null;
  }

  private void tell(SystemCall which, SeccompListener call, FileFacts facts, long block) {
    MemorySegment told = which == SystemCall.STATX ? StatBlock.statx(facts) : StatBlock.stat(facts);
    boolean written = files.programs().put(call.thread(), block, told);
    call.answer(written ? 0 : Errno.EFAULT.negated());
  }

  /** The same call for a file of the host that the program's own path does not lead to. */
  private long hosts(
      SystemCall which, String path, boolean follow, SeccompListener call, long block) {
    try (var arena = Arena.ofConfined()) {
      MemorySegment told = arena.allocate(StatBlock.STATX_BYTES, Long.BYTES);
      long name = arena.allocateFrom(path).address();
      int flags = follow ? 0 : NO_FOLLOW;
      long answer =
          which == SystemCall.STATX
              ? which.call(HostFile.NO_DIRECTORY, name, flags, call.argument(3), told.address())
              : SystemCall.NEWFSTATAT.call(HostFile.NO_DIRECTORY, name, told.address(), flags);
      long bytes = which == SystemCall.STATX ? StatBlock.STATX_BYTES : StatBlock.STAT_BYTES;
      if (answer == 0 && !files.programs().put(call.thread(), block, told.asSlice(0, bytes))) {
        return Errno.EFAULT.negated();
      }
      return answer;
    }
  }

  private void access(SeccompListener call, int directory, int path, int mode, int flags) {
    boolean follow = (flags & NO_FOLLOW) == 0;
    switch (paths.find(call, directory, call.argument(path), follow, 0)) {
      case Found.Refusal refusal -> call.answer(refusal.errno().negated());
      case Found.Simulated file -> call.answer(allowed(file, mode));
      case Found.HostFile host -> {
        try (var arena = Arena.ofConfined()) {
          long name = arena.allocateFrom(host.path()).address();
          call.answer(SystemCall.FACCESSAT.call(HostFile.NO_DIRECTORY, name, mode));
        }
      }
      case Found.Pass _ -> call.pass();
    }
  }

  /** As for root: everything but execution, which somebody has to have. */
  private static long allowed(Found.Simulated file, int mode) {
    int permissions = file.facts().mode();
    boolean anyExecutes = (permissions & 0111) != 0;
    boolean refused = (mode & EXECUTE) != 0 && !anyExecutes;
    return (mode & ~OTHERS) != 0 ? Errno.EINVAL.negated() : refused ? Errno.EACCES.negated() : 0;
  }

  /** No simulated file has extended attributes, nor does any in sysfs as a rule. */
  private void noAttributes(SeccompListener call, boolean follow) {
    int directory = PathArguments.WORKING_DIRECTORY;
    switch (paths.find(call, directory, call.argument(0), follow, 0)) {
      case Found.Refusal refusal -> call.answer(refusal.errno().negated());
      case Found.Simulated _ -> call.answer(Errno.EOPNOTSUPP.negated());
      default -> call.pass();
    }
  }

  private void readLink(SeccompListener call, int directory, int path) {
    long address = call.argument(path + 1);
    long room = call.argument(path + 2);
    switch (paths.find(call, directory, call.argument(path), false, 0)) {
      case Found.Refusal refusal -> call.answer(refusal.errno().negated());
      case Found.Link link -> call.answer(put(call, address, room, link.target()));
      case Found.Simulated _ -> call.answer(Errno.EINVAL.negated());
      case Found.HostFile host -> {
        try (var arena = Arena.ofConfined()) {
          MemorySegment target = arena.allocate(4096);
          long name = arena.allocateFrom(host.path()).address();
          long bytes =
              SystemCall.READLINKAT.call(
                  HostFile.NO_DIRECTORY, name, target.address(), Math.min(room, 4096));
          boolean written =
              bytes <= 0 || files.programs().put(call.thread(), address, target.asSlice(0, bytes));
          call.answer(written ? bytes : Errno.EFAULT.negated());
        }
      }
      case Found.Pass _ -> call.pass();
    }
  }

  private long put(SeccompListener call, long address, long room, String target) {
    if (room <= 0) {
      return Errno.EINVAL.negated();
    }
    byte[] bytes = target.getBytes(StandardCharsets.UTF_8);
    long count = Math.min(room, bytes.length);
    MemorySegment told = MemorySegment.ofArray(bytes).asSlice(0, count);
    return files.programs().put(call.thread(), address, told) ? count : Errno.EFAULT.negated();
  }
}
