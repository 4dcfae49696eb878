// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.path;

import io.iommufd4j.exec.file.Witness;
import io.iommufd4j.exec.process.Program;
import io.iommufd4j.exec.view.Found;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.linux.HostFile;
import io.iommufd4j.linux.SeccompListener;
import io.iommufd4j.linux.SystemCall;
import io.iommufd4j.sim.OutsideProcesses;
import io.iommufd4j.sim.fs.OpenFile;
import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** {@code open(2)}, {@code creat(2)}, {@code openat(2)} and {@code openat2(2)}. */
final class OpenCalls {

  private static final int ACCESS = 3;
  private static final int WRITE_ONLY = 1;
  private static final int WRITE_ONLY_CREATE_TRUNCATE = 01101;
  private static final int CREATE = 0100;
  private static final int EXCLUSIVE = 0200;
  private static final boolean ARM64 = System.getProperty("os.arch", "").equals("aarch64");
  private static final int DIRECTORY = ARM64 ? 040000 : 0200000;
  private static final int NO_FOLLOW = ARM64 ? 0100000 : 0400000;
  private static final int CLOSE_ON_EXEC = 02000000;
  private static final int TEMPORARY = 020000000;

  /** {@code OPEN_HOW_SIZE_VER0}. */
  private static final int HOW_BYTES = 24;

  private final Names names;

  OpenCalls(Names names) {
    this.names = names;
  }

  /**
   * One open.
   *
   * @param directory descriptor of the directory
   * @param path argument with the path
   */
  private record Open(int directory, int path, int flags, long mode, long resolve) {

    boolean asked(int flag) {
      return (flags & flag) == flag;
    }

    boolean follows() {
      return !asked(NO_FOLLOW) && !(asked(CREATE) && asked(EXCLUSIVE));
    }
  }

  void answer(SystemCall which, SeccompListener call) {
    int here = Names.WORKING_DIRECTORY;
    switch (which) {
      case OPEN -> open(call, new Open(here, 0, (int) call.argument(1), call.argument(2), 0));
      case CREAT -> open(call, new Open(here, 0, WRITE_ONLY_CREATE_TRUNCATE, call.argument(1), 0));
      case OPENAT ->
          open(
              call,
              new Open((int) call.argument(0), 1, (int) call.argument(2), call.argument(3), 0));
      default -> openHow(call);
    }
  }

  private void openHow(SeccompListener call) {
    if (call.argument(3) < HOW_BYTES) {
      call.pass();
      return;
    }
    try (var arena = Arena.ofConfined()) {
      MemorySegment how = arena.allocate(HOW_BYTES, Long.BYTES);
      names.read(call, call.argument(2), how);
      open(
          call,
          new Open(
              (int) call.argument(0),
              1,
              (int) how.get(ValueLayout.JAVA_LONG, 0),
              how.get(ValueLayout.JAVA_LONG, 8),
              how.get(ValueLayout.JAVA_LONG, 16)));
    } catch (Refused unreadable) {
      call.pass();
    }
  }

  private void open(SeccompListener call, Open open) {
    String path = names.path(call, open.path());
    if (path == null || path.isEmpty()) {
      call.pass();
      return;
    }
    switch (names.find(call, open.directory(), path, open.follows(), open.resolve())) {
      case Found.Pass _ -> call.pass();
      case Found.Refusal refusal ->
          Answers.give(call, () -> refused(call, open, path, refused(call, open, path, refusal)));
      case Found.HostFile file -> openHost(call, open, file.path());
      case Found.Simulated file -> {
        Witness witness = names.files().witness();
        Answers.give(
            call,
            witness == null
                ? () -> openSimulated(call, open, file)
                : () ->
                    witness.open(
                        call, file.path(), open.flags(), () -> openSimulated(call, open, file)));
      }
    }
  }

  private long refused(SeccompListener call, Open open, String path, Errno errno) {
    Witness witness = names.files().witness();
    return witness == null
        ? errno.negated()
        : witness.open(call, path, open.flags(), errno::negated);
  }

  /** Nobody makes files in sysfs, or beside simulated nodes. */
  private Errno refused(SeccompListener call, Open open, String path, Found.Refusal refusal) {
    boolean creates = open.asked(CREATE) && refusal.errno() == Errno.ENOENT;
    String parent = path.substring(0, path.lastIndexOf('/') + 1);
    return creates
            && names.find(
                    call, open.directory(), parent.isEmpty() ? "." : parent, true, open.resolve())
                instanceof Found.Directory
        ? Errno.EACCES
        : refusal.errno();
  }

  private static void openHost(SeccompListener call, Open open, String path) {
    int fd = HostFile.open(path, open.flags(), (int) open.mode());
    if (fd < 0) {
      call.answer(fd);
      return;
    }
    int given = call.answerWith(fd, open.asked(CLOSE_ON_EXEC));
    HostFile.close(fd);
    if (given < 0) {
      call.answer(given);
    }
  }

  private long openSimulated(SeccompListener call, Open open, Found.Simulated file) {
    if (open.asked(CREATE | EXCLUSIVE)) {
      throw Refused.with(Errno.EEXIST);
    }
    if (open.asked(DIRECTORY) && !(file instanceof Found.Directory)) {
      throw Refused.with(Errno.ENOTDIR);
    }
    Program program = names.files().newCaller(call);
    if (program == null) {
      throw Refused.with(Errno.ESRCH);
    }
    // Read as nobody's call: it takes a descriptor for a moment.
    boolean text = file instanceof Found.Attribute && (open.flags() & ACCESS) != WRITE_ONLY;
    byte[] content = text ? ((Found.Attribute) file).content() : new byte[0];
    return names
        .files()
        .kernel()
        .call(program.process(), call.thread(), () -> give(call, open, file, program, content));
  }

  private long give(
      SeccompListener call, Open open, Found.Simulated file, Program program, byte[] content) {
    OpenFile opened = opened(open, file);
    return names.files().give(program, call, opened, file.path(), open.flags(), content);
  }

  private OpenFile opened(Open open, Found.Simulated file) {
    return switch (file) {
      case Found.Link _ -> throw Refused.with(Errno.ELOOP);
      case Found.Directory directory -> {
        if (open.asked(TEMPORARY)) {
          throw Refused.with(Errno.EOPNOTSUPP);
        }
        if ((open.flags() & ACCESS) != 0 || open.asked(CREATE)) {
          throw Refused.with(Errno.EISDIR);
        }
        yield referred(new OpenDirectory(directory));
      }
      case Found.Attribute attribute -> attribute(open, attribute);
      case Found.DeviceNode node -> names.files().kernel().open(node.path(), open.flags());
    };
  }

  private OpenFile attribute(Open open, Found.Attribute attribute) {
    boolean own = attribute.path().startsWith("/sys") || attribute.writable();
    if (!own && (open.flags() & ACCESS) != 0) {
      throw Refused.with(Errno.EACCES);
    }
    OutsideProcesses kernel = names.files().kernel();
    if (!own) {
      return referred(new OpenAttribute(attribute, new TextSnapshot(attribute), () -> {}));
    }
    OpenFile file = kernel.open(attribute.path(), open.flags());
    return referred(new OpenAttribute(attribute, file, () -> kernel.files().drop(file)));
  }

  private OpenFile referred(OpenFile file) {
    names.files().kernel().files().refer(file);
    return file;
  }
}
