// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.path;

import io.iommufd4j.exec.file.Opened;
import io.iommufd4j.exec.view.FileFacts;
import io.iommufd4j.exec.view.Found;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.linux.SeccompListener;
import io.iommufd4j.linux.SystemCall;
import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/**
 * {@code readlink(2)}, {@code access(2)}, {@code statfs(2)}, {@code fstatfs(2)}, and extended
 * attributes.
 */
final class LinkCalls {

  private static final int EXECUTE = 1;
  private static final int LONGEST = 4096;

  private final Names names;

  LinkCalls(Names names) {
    this.names = names;
  }

  void answer(SystemCall which, SeccompListener call) {
    switch (which) {
      case READLINK -> readLink(call, names.find(call, -1, 0, false, 0), 1);
      case READLINKAT -> readLinkAt(call);
      case ACCESS -> access(call, names.find(call, -1, 0, true, 0), (int) call.argument(1), 0);
      case FACCESSAT -> access(call, names.find(call, 0, 1, true, 0), (int) call.argument(2), 0);
      case FACCESSAT2 -> accessAt(call);
      case STATFS -> statfs(call);
      case FSTATFS -> statfsDescriptor(call);
      default -> extended(which, call);
    }
  }

  private void readLinkAt(SeccompListener call) {
    String path = names.path(call, 1);
    if (path == null || path.isEmpty()) {
      call.pass();
    } else {
      readLink(call, names.find(call, (int) call.argument(0), path, false, 0), 2);
    }
  }

  private void readLink(SeccompListener call, Found found, int buffer) {
    switch (found) {
      case Found.Pass _ -> call.pass();
      case Found.Refusal refusal -> call.answer(refusal.errno().negated());
      case Found.HostFile file -> Answers.give(call, () -> hostLink(call, file.path(), buffer));
      case Found.Link link ->
          Answers.give(
              call,
              () ->
                  copy(
                      call,
                      buffer,
                      MemorySegment.ofArray(link.target().getBytes(StandardCharsets.UTF_8))));
      case Found.Simulated _ -> call.answer(Errno.EINVAL.negated());
    }
  }

  /** As many bytes as there is room for. */
  private long copy(SeccompListener call, int buffer, MemorySegment target) {
    int room = (int) call.argument(buffer + 1);
    if (room <= 0) {
      throw Refused.with(Errno.EINVAL);
    }
    try (var arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(Math.min(room, target.byteSize()));
      bytes.copyFrom(target.asSlice(0, bytes.byteSize()));
      names.write(call, call.argument(buffer), bytes);
      return bytes.byteSize();
    }
  }

  private long hostLink(SeccompListener call, String path, int buffer) {
    try (var arena = Arena.ofConfined()) {
      MemorySegment target = arena.allocate(LONGEST);
      long bytes =
          SystemCall.READLINKAT.call(
              Names.WORKING_DIRECTORY,
              arena.allocateFrom(path).address(),
              target.address(),
              LONGEST);
      return bytes < 0 ? bytes : copy(call, buffer, target.asSlice(0, bytes));
    }
  }

  private void accessAt(SeccompListener call) {
    int flags = (int) call.argument(3);
    String path = names.path(call, 1);
    if (path == null || path.isEmpty()) {
      call.pass();
      return;
    }
    boolean follow = (flags & Names.NO_FOLLOW) == 0;
    access(
        call,
        names.find(call, (int) call.argument(0), path, follow, 0),
        (int) call.argument(2),
        flags);
  }

  /** Root may read and write everything, and execute what anybody may. */
  private static void access(SeccompListener call, Found found, int mode, int flags) {
    switch (found) {
      case Found.Pass _ -> call.pass();
      case Found.Refusal refusal -> call.answer(refusal.errno().negated());
      case Found.HostFile file -> {
        try (var arena = Arena.ofConfined()) {
          long path = arena.allocateFrom(file.path()).address();
          call.answer(SystemCall.FACCESSAT2.call(Names.WORKING_DIRECTORY, path, mode, flags));
        }
      }
      case Found.Simulated file -> {
        int type = file.facts().mode() & FileFacts.TYPE;
        boolean executable = type == FileFacts.DIRECTORY || type == FileFacts.LINK;
        boolean refused = (mode & EXECUTE) != 0 && !executable;
        call.answer(refused ? Errno.EACCES.negated() : 0);
      }
    }
  }

  private void statfs(SeccompListener call) {
    switch (names.find(call, -1, 0, true, 0)) {
      case Found.Pass _ -> call.pass();
      case Found.Refusal refusal -> call.answer(refusal.errno().negated());
      case Found.HostFile file -> Answers.give(call, () -> hostStatfs(call, file.path()));
      case Found.Simulated file -> Answers.give(call, () -> statfs(call, file.path()));
    }
  }

  private void statfsDescriptor(SeccompListener call) {
    Opened opened = names.opened(call, (int) call.argument(0));
    if (opened == null || opened.path().isEmpty()) {
      call.pass();
    } else {
      Answers.give(call, () -> statfs(call, opened.path()));
    }
  }

  private long statfs(SeccompListener call, String path) {
    try (var arena = Arena.ofConfined()) {
      MemorySegment struct = arena.allocate(StatStructs.STATFS_BYTES, Long.BYTES);
      StatStructs.statfs(path, struct);
      names.write(call, call.argument(1), struct);
      return 0;
    }
  }

  private long hostStatfs(SeccompListener call, String path) {
    try (var arena = Arena.ofConfined()) {
      MemorySegment struct = arena.allocate(StatStructs.STATFS_BYTES, Long.BYTES);
      long result = SystemCall.STATFS.call(arena.allocateFrom(path).address(), struct.address());
      if (result == 0) {
        names.write(call, call.argument(1), struct);
      }
      return result;
    }
  }

  /** A simulated file has no extended attribute. */
  private void extended(SystemCall which, SeccompListener call) {
    boolean follow = which == SystemCall.GETXATTR || which == SystemCall.LISTXATTR;
    boolean list = which == SystemCall.LISTXATTR || which == SystemCall.LLISTXATTR;
    switch (names.find(call, -1, 0, follow, 0)) {
      case Found.Pass _ -> call.pass();
      case Found.Refusal refusal -> call.answer(refusal.errno().negated());
      case Found.HostFile _, Found.Simulated _ -> call.answer(list ? 0 : Errno.ENODATA.negated());
    }
  }
}
