// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.view;

import io.iommufd4j.kernel.Errno;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One walk along a path, name by name ({@code path_lookupat}), through the simulated kernel's
 * directories and the host's as if they were one tree. It ends early where only the host's files
 * can be.
 */
final class PathWalk {

  /** {@code MAXSYMLINKS}. */
  private static final int MOST_LINKS = 40;

  private final MachineFiles files;
  private final Caller caller;
  private final Place start;
  private final boolean follow;
  private final long resolve;
  private final Deque<String> rest = new ArrayDeque<>();
  private Place here;
  private boolean passes;
  private int links;

  /**
   * A walk that has not begun.
   *
   * @param start where a relative path begins
   * @param passes true when the host's kernel would begin in the same directory
   */
  PathWalk(
      MachineFiles files,
      Caller caller,
      Place start,
      boolean passes,
      boolean follow,
      long resolve) {
    this.files = files;
    this.caller = caller;
    this.start = start;
    this.here = start;
    this.passes = passes;
    this.follow = follow;
    this.resolve = resolve;
  }

  private boolean asked(long flag) {
    return (resolve & flag) != 0;
  }

  /** Walks along a path. */
  Found along(String path) {
    try {
      if (!push(path)) {
        return new Found.Refusal(Errno.EXDEV);
      }
      Found found = walk();
      boolean crosses =
          asked(Resolve.NO_XDEV)
              && found instanceof Found.Simulated file
              && !MachineFiles.mount(file.path()).equals(MachineFiles.mount(start.path()));
      return crosses ? new Found.Refusal(Errno.EXDEV) : found;
    } catch (IOException gone) {
      return new Found.Refusal(Errno.ENOENT);
    }
  }

  /** The path's names are next. False for an absolute path that has to stay below the start. */
  private boolean push(String path) {
    List<String> names = List.of(path.split("/", -1));
    for (String name : names.reversed()) {
      if (!name.isEmpty()) {
        rest.push(name);
      }
    }
    if (path.endsWith("/")) {
      insertAfter(names);
    }
    if (path.startsWith("/")) {
      if (asked(Resolve.BENEATH)) {
        return false;
      }
      here = asked(Resolve.IN_ROOT) ? start : files.place("/");
    }
    return true;
  }

  /** A slash at the end makes the last name one of a directory: as if a dot were behind it. */
  private void insertAfter(List<String> names) {
    int count = (int) names.stream().filter(name -> !name.isEmpty()).count();
    var before = new ArrayDeque<String>();
    for (int i = 0; i < count; i++) {
      before.push(rest.pop());
    }
    rest.push(".");
    before.forEach(rest::push);
  }

  private Found walk() throws IOException {
    while (!rest.isEmpty()) {
      String name = rest.pop();
      if (name.equals(".")) {
        continue;
      }
      if (name.equals("..")) {
        if (!up()) {
          return new Found.Refusal(Errno.EXDEV);
        }
        continue;
      }
      Found end = step(Place.child(here.path(), name));
      if (end != null) {
        return end;
      }
    }
    boolean shown = here.simulated() || (here.host() && files.host().filters(here.path()));
    return shown ? files.directory(here, passes) : host(here.path());
  }

  private boolean up() {
    if (here.path().equals(start.path()) && asked(Resolve.BENEATH | Resolve.IN_ROOT)) {
      return !asked(Resolve.BENEATH);
    }
    here = files.place(Place.parent(here.path()));
    return true;
  }

  /** Goes to a name in the directory; null when the walk goes on from there. */
  private @Nullable Found step(String path) throws IOException {
    if (!Place.inArea(path) && !rest.contains("..")) {
      return host(path);
    }
    FileKind own = here.simulated() ? files.tree().kind(path) : FileKind.NONE;
    FileKind hosts = here.host() ? files.host().kind(path) : FileKind.NONE;
    return switch (own == FileKind.NONE ? files.processes().kind(caller, path, hosts) : own) {
      case DIRECTORY -> {
        here = new Place(path, own == FileKind.DIRECTORY, hosts == FileKind.DIRECTORY);
        passes &= here.host();
        yield null;
      }
      case LINK -> link(path, own);
      case FILE -> file(path, own);
      case NONE -> here.host() ? host(path) : refused(Errno.ENOENT);
      case HIDDEN -> refused(Errno.ENOENT);
      case DENIED -> host(path);
    };
  }

  private @Nullable Found link(String path, FileKind own) throws IOException {
    if (follow || !rest.isEmpty()) {
      return follow(path, own);
    }
    return own == FileKind.LINK || files.processes().shows(caller, path)
        ? files.link(path, target(path, own))
        : host(path);
  }

  private Found file(String path, FileKind own) throws IOException {
    if (own == FileKind.NONE && !files.processes().shows(caller, path)) {
      return host(path);
    }
    if (!rest.isEmpty()) {
      return refused(Errno.ENOTDIR);
    }
    return own == FileKind.NONE ? files.processes().file(caller, path) : files.file(path);
  }

  private String target(String path, FileKind own) throws IOException {
    return own == FileKind.LINK
        ? files.tree().target(path)
        : files.processes().target(caller, path);
  }

  private @Nullable Found follow(String path, FileKind own) throws IOException {
    if (asked(Resolve.NO_SYMLINKS) || ++links > MOST_LINKS) {
      return refused(Errno.ELOOP);
    }
    if (own == FileKind.NONE && !files.processes().followed(caller, path)) {
      return host(path);
    }
    passes &= own == FileKind.NONE && !files.processes().shows(caller, path);
    return push(target(path, own)) ? null : refused(Errno.EXDEV);
  }

  private static Found refused(Errno errno) {
    return new Found.Refusal(errno);
  }

  /** The rest of the way is the host's. */
  private Found host(String path) {
    if (passes) {
      return new Found.Pass();
    }
    var whole = new StringBuilder(path);
    rest.forEach(name -> whole.append('/').append(name));
    return new Found.HostFile(whole.toString());
  }
}
