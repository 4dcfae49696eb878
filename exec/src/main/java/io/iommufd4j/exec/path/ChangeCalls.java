// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.path;

import io.iommufd4j.exec.view.Found;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.linux.SeccompListener;
import io.iommufd4j.linux.SystemCall;
import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Calls that make, rename, remove or change files. Simulated ones stay as they are; the host's are
 * changed here where the program's own kernel would not find them.
 */
final class ChangeCalls {

  /** {@code UTIME_*}: two {@code struct timespec}. */
  private static final int TIMES_BYTES = 32;

  private static final int TIMES = 2;

  private final Names names;

  ChangeCalls(Names names) {
    this.names = names;
  }

  /**
   * A name among the arguments of a call.
   *
   * @param directory its directory's descriptor; −1 for none
   * @param path its path
   * @param follow a link at the end is followed
   */
  private record Name(int directory, int path, boolean follow) {}

  private static List<Name> names(SystemCall which) {
    return switch (which) {
      case RENAME, LINK -> List.of(new Name(-1, 0, false), new Name(-1, 1, false));
      case RENAMEAT, RENAMEAT2, LINKAT -> List.of(new Name(0, 1, false), new Name(2, 3, false));
      case SYMLINK -> List.of(new Name(-1, 1, false));
      case SYMLINKAT -> List.of(new Name(1, 2, false));
      case MKDIR, RMDIR, UNLINK, MKNOD, LCHOWN -> List.of(new Name(-1, 0, false));
      case CHMOD, CHOWN, TRUNCATE -> List.of(new Name(-1, 0, true));
      case FCHMODAT, FCHOWNAT, UTIMENSAT -> List.of(new Name(0, 1, true));
      default -> List.of(new Name(0, 1, false));
    };
  }

  void answer(SystemCall which, SeccompListener call) {
    List<Name> named = names(which);
    List<Found> found =
        named.stream()
            .map(name -> names.find(call, name.directory(), name.path(), name.follow(), 0))
            .toList();
    if (found.stream().allMatch(Found.Pass.class::isInstance)) {
      call.pass();
      return;
    }
    for (Found one : found) {
      if (one instanceof Found.Refusal refusal && refusal.errno() != Errno.ENOENT) {
        call.answer(refusal.errno().negated());
        return;
      }
    }
    boolean host =
        found.stream().allMatch(one -> one instanceof Found.Pass || one instanceof Found.HostFile);
    boolean truncates = which == SystemCall.TRUNCATE && found.getFirst() instanceof Found.Attribute;
    call.answer(host ? change(which, call, named, found) : truncates ? 0 : Errno.EPERM.negated());
  }

  /** Makes the call here, by the host's own paths. */
  private long change(SystemCall which, SeccompListener call, List<Name> named, List<Found> found) {
    try (var arena = Arena.ofConfined()) {
      long[] arguments = new long[6];
      for (int i = 0; i < arguments.length; i++) {
        arguments[i] = call.argument(i);
      }
      for (int i = 0; i < named.size(); i++) {
        Name name = named.get(i);
        String path = found.get(i) instanceof Found.HostFile file ? file.path() : own(call, name);
        arguments[name.path()] = arena.allocateFrom(path).address();
        if (name.directory() >= 0) {
          arguments[name.directory()] = Names.WORKING_DIRECTORY;
        }
      }
      if (which == SystemCall.SYMLINK || which == SystemCall.SYMLINKAT) {
        String target = names.path(call, 0);
        arguments[0] = arena.allocateFrom(target == null ? "" : target).address();
      }
      if (which == SystemCall.UTIMENSAT && arguments[TIMES] != 0) {
        MemorySegment times = arena.allocate(TIMES_BYTES, Long.BYTES);
        names.read(call, arguments[TIMES], times);
        arguments[TIMES] = times.address();
      }
      return which.call(arguments);
    } catch (Refused refused) {
      return refused.errno().negated();
    }
  }

  /** The name as the host finds it from here. */
  private String own(SeccompListener call, Name name) {
    String path = names.path(call, name.path());
    if (path == null || path.startsWith("/")) {
      return path == null ? "" : path;
    }
    int fd = name.directory() < 0 ? Names.WORKING_DIRECTORY : (int) call.argument(name.directory());
    String process = "/proc/" + names.caller(call).pid();
    return fd == Names.WORKING_DIRECTORY
        ? process + "/cwd/" + path
        : process + "/fd/" + fd + "/" + path;
  }
}
