// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.path;

import io.iommufd4j.exec.file.Opened;
import io.iommufd4j.exec.view.FileFacts;
import io.iommufd4j.exec.view.Found;
import io.iommufd4j.linux.SeccompListener;
import io.iommufd4j.linux.SystemCall;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** {@code stat(2)}, {@code lstat(2)}, {@code fstat(2)}, {@code fstatat(2)} and {@code statx(2)}. */
final class StatCalls {

  private static final int STATX_BUFFER = 4;

  private final Names names;

  StatCalls(Names names) {
    this.names = names;
  }

  void answer(SystemCall which, SeccompListener call) {
    switch (which) {
      case STAT -> answer(call, names.find(call, -1, 0, true, 0), 1, 0);
      case LSTAT -> answer(call, names.find(call, -1, 0, false, 0), 1, Names.NO_FOLLOW);
      case FSTAT -> descriptor(call, (int) call.argument(0), 1);
      case NEWFSTATAT -> at(call, (int) call.argument(3), 2);
      default -> at(call, (int) call.argument(2), STATX_BUFFER);
    }
  }

  private void at(SeccompListener call, int flags, int buffer) {
    String path = names.path(call, 1);
    boolean empty = (flags & Names.EMPTY_PATH) != 0 && (path == null || path.isEmpty());
    int fd = (int) call.argument(0);
    if (empty && fd != Names.WORKING_DIRECTORY) {
      descriptor(call, fd, buffer);
      return;
    }
    boolean follow = (flags & Names.NO_FOLLOW) == 0;
    Found found =
        empty ? names.find(call, fd, ".", true, 0) : names.find(call, fd, path, follow, 0);
    answer(call, found, buffer, flags);
  }

  private void descriptor(SeccompListener call, int fd, int buffer) {
    Opened opened = names.opened(call, fd);
    FileFacts facts = opened == null ? null : facts(call, opened);
    if (facts == null) {
      call.pass();
    } else {
      Answers.give(call, () -> write(call, facts, buffer));
    }
  }

  private @Nullable FileFacts facts(SeccompListener call, Opened opened) {
    return switch (opened.file()) {
      case OpenDirectory directory -> directory.directory().facts();
      case OpenAttribute attribute -> attribute.attribute().facts();
      default ->
          !opened.path().isEmpty()
                  && names.view().find(names.caller(call), null, opened.path(), true, 0)
                      instanceof Found.DeviceNode node
              ? node.facts()
              : null;
    };
  }

  private void answer(SeccompListener call, Found found, int buffer, int flags) {
    switch (found) {
      case Found.Pass _ -> call.pass();
      case Found.Refusal refusal -> call.answer(refusal.errno().negated());
      case Found.HostFile file -> Answers.give(call, () -> host(call, file.path(), buffer, flags));
      case Found.Simulated file -> Answers.give(call, () -> write(call, file.facts(), buffer));
    }
  }

  private long write(SeccompListener call, FileFacts facts, int buffer) {
    try (var arena = Arena.ofConfined()) {
      boolean statx = buffer == STATX_BUFFER;
      MemorySegment struct =
          arena.allocate(statx ? StatStructs.STATX_BYTES : StatStructs.STAT_BYTES, Long.BYTES);
      if (statx) {
        StatStructs.statx(facts, struct);
      } else {
        StatStructs.stat(facts, struct);
      }
      names.write(call, call.argument(buffer), struct);
      return 0;
    }
  }

  private long host(SeccompListener call, String path, int buffer, int flags) {
    try (var arena = Arena.ofConfined()) {
      boolean statx = buffer == STATX_BUFFER;
      MemorySegment name = arena.allocateFrom(path);
      MemorySegment struct =
          arena.allocate(statx ? StatStructs.STATX_BYTES : StatStructs.STAT_BYTES, Long.BYTES);
      int host = Names.WORKING_DIRECTORY;
      long result =
          statx
              ? SystemCall.STATX.call(
                  host, name.address(), flags, call.argument(3), struct.address())
              : SystemCall.NEWFSTATAT.call(host, name.address(), struct.address(), flags);
      if (result == 0) {
        names.write(call, call.argument(buffer), struct);
      }
      return result;
    }
  }
}
