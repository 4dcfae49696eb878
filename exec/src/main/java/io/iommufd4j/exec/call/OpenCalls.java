// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.call;

import io.iommufd4j.exec.file.ProgramFiles;
import io.iommufd4j.exec.process.Program;
import io.iommufd4j.exec.view.Found;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.linux.HostFile;
import io.iommufd4j.linux.SeccompListener;
import io.iommufd4j.linux.SystemCall;
import io.iommufd4j.sim.fs.OpenFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** {@code open(2)} and its kin. */
final class OpenCalls {

  private static final int O_ACCMODE = 3;
  private static final int O_RDONLY = 0;
  private static final int O_CREAT = 0100;
  private static final int O_EXCL = 0200;
  private static final int O_WRONLY_CREAT_TRUNC = 01101;
  private static final int O_CLOEXEC = 02000000;
  private static final int O_PATH = 010000000;

  /** On which bits these two are differs between architectures. */
  private static final boolean ARM64 = System.getProperty("os.arch", "").equals("aarch64");

  private static final int O_DIRECTORY = ARM64 ? 040000 : 0200000;
  private static final int O_NOFOLLOW = ARM64 ? 0100000 : 0400000;

  private static final int READABLE = 0444;

  /** {@code struct open_how}. */
  private static final int HOW_BYTES = 24;

  private final ProgramFiles files;
  private final PathArguments paths;

  OpenCalls(ProgramFiles files, PathArguments paths) {
    this.files = files;
    this.paths = paths;
  }

  void answer(SystemCall which, SeccompListener call) {
    int directory = PathArguments.WORKING_DIRECTORY;
    switch (which) {
      case OPEN ->
          open(call, directory, call.argument(0), (int) call.argument(1), call.argument(2), 0);
      case CREAT ->
          open(call, directory, call.argument(0), O_WRONLY_CREAT_TRUNC, call.argument(1), 0);
      case OPENAT ->
          open(
              call,
              (int) call.argument(0),
              call.argument(1),
              (int) call.argument(2),
              call.argument(3),
              0);
      default -> openHow(call);
    }
  }

  private void openHow(SeccompListener call) {
    MemorySegment how = files.programs().bytes(call.thread(), call.argument(2), HOW_BYTES);
    if (call.argument(3) < HOW_BYTES || how == null) {
      call.pass();
      return;
    }
    open(
        call,
        (int) call.argument(0),
        call.argument(1),
        (int) how.get(ValueLayout.JAVA_LONG_UNALIGNED, 0),
        how.get(ValueLayout.JAVA_LONG_UNALIGNED, 8),
        how.get(ValueLayout.JAVA_LONG_UNALIGNED, 16));
  }

  private void open(
      SeccompListener call, int directory, long path, int flags, long mode, long resolve) {
    boolean follow =
        (flags & O_NOFOLLOW) == 0 && (flags & (O_CREAT | O_EXCL)) != (O_CREAT | O_EXCL);
    switch (paths.find(call, directory, path, follow, resolve)) {
      case Found.Pass _ -> call.pass();
      case Found.Refusal refusal -> call.answer(refusal.errno().negated());
      case Found.HostFile host -> openHosts(call, host.path(), flags, (int) mode);
      case Found.Simulated file -> openSimulated(call, file, flags);
    }
  }

  private static void openHosts(SeccompListener call, String path, int flags, int mode) {
    int fd = HostFile.open(path, flags, mode);
    if (fd < 0) {
      call.answer(fd);
      return;
    }
    give(call, fd, flags);
  }

  private static void give(SeccompListener call, int fd, int flags) {
    int given = call.answerWith(fd, (flags & O_CLOEXEC) != 0);
    HostFile.close(fd);
    if (given < 0) {
      call.answer(given);
    }
  }

  private void openSimulated(SeccompListener call, Found.Simulated file, int flags) {
    boolean reads = (flags & O_ACCMODE) == O_RDONLY;
    Errno refused = refused(file, flags, reads);
    if (refused != null) {
      call.answer(refused.negated());
      return;
    }
    switch (file) {
      case Found.Attribute attribute when reads && !file.path().endsWith("/fail-nth") ->
          openText(call, attribute, flags);
      case Found.Directory directory ->
          openAs(
              call,
              program ->
                  files.give(
                      program,
                      call,
                      referred(new SimulatedDirectory(directory)),
                      file.path(),
                      flags));
      default -> openAs(call, program -> files.open(program, call, file.path(), flags));
    }
  }

  private OpenFile referred(OpenFile file) {
    files.kernel().files().refer(file);
    return file;
  }

  private static @Nullable Errno refused(Found.Simulated file, int flags, boolean reads) {
    boolean directory = file instanceof Found.Directory;
    if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL)) {
      return Errno.EEXIST;
    }
    if (file instanceof Found.Link) {
      return Errno.ELOOP;
    }
    if (directory && (!reads || (flags & O_CREAT) != 0)) {
      return Errno.EISDIR;
    }
    if (!directory && (flags & O_DIRECTORY) != 0) {
      return Errno.ENOTDIR;
    }
    if (file instanceof Found.Attribute attribute && (flags & O_PATH) == 0) {
      boolean allowed = reads ? (file.facts().mode() & READABLE) != 0 : attribute.writable();
      return allowed ? null : Errno.EACCES;
    }
    return null;
  }

  /** A text as it is now, in a file of memory that nobody can write to. */
  private static void openText(SeccompListener call, Found.Attribute attribute, int flags) {
    byte[] content = attribute.content();
    int written =
        HostFile.memory(attribute.path().substring(attribute.path().lastIndexOf('/') + 1));
    if (written < 0) {
      call.answer(written);
      return;
    }
    try (var arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(Math.max(1, content.length));
      MemorySegment.copy(content, 0, bytes, ValueLayout.JAVA_BYTE, 0, content.length);
      HostFile.write(written, bytes.asSlice(0, content.length));
    }
    int fd = HostFile.open("/proc/self/fd/" + written, O_RDONLY);
    HostFile.close(written);
    give(call, fd, flags);
  }

  private void openAs(SeccompListener call, Function<Program, Integer> opens) {
    Program program = files.newCaller(call);
    if (program == null) {
      call.pass();
      return;
    }
    call.answer(files.kernel().call(program.process(), call.thread(), () -> opens.apply(program)));
  }
}
