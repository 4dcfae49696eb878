// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.view;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The working directories of processes that went to one which the host lacks. The host knows
 * nothing of them, so that children get theirs here: at their first question, and at the latest
 * before their parent goes elsewhere.
 */
final class WorkingDirectories {

  private static final Path PROCESSES = Path.of("/proc");

  /** The fields of {@code stat} with the parent and the start, counted behind the name. */
  private static final int PARENT = 1;

  private static final int STARTED = 19;

  /** A process' directory; null for one of the host. A number may be another process' later. */
  private record Known(@Nullable String path, String started) {}

  private final Map<Integer, Known> known = new ConcurrentHashMap<>();

  /** A process goes to a directory; null for one of the host. */
  void change(int pid, @Nullable String path) {
    if (path == null && known.isEmpty()) {
      return;
    }
    keepChildren(pid);
    String[] stat = stat(pid);
    known.put(pid, new Known(path, stat.length > STARTED ? stat[STARTED] : ""));
  }

  private void keepChildren(int parent) {
    try (var tasks = Files.newDirectoryStream(PROCESSES.resolve(parent + "/task"))) {
      for (Path task : tasks) {
        for (String child : Files.readString(task.resolve("children")).split(" ", -1)) {
          if (!child.isBlank()) {
            of(Integer.parseInt(child.strip()));
          }
        }
      }
    } catch (IOException gone) {
      // No process, or a host's kernel that does not list children: they ask in time themselves.
    }
  }

  /** The directory of a process; null for the host's. */
  @Nullable String of(int pid) {
    return known.isEmpty() ? null : find(pid).path();
  }

  private Known find(int pid) {
    String[] stat = stat(pid);
    if (stat.length <= STARTED) {
      return new Known(null, "");
    }
    Known last = known.get(pid);
    if (last != null && last.started().equals(stat[STARTED])) {
      return last;
    }
    int parent = Integer.parseInt(stat[PARENT]);
    Known inherited = new Known(parent <= 1 ? null : find(parent).path(), stat[STARTED]);
    known.put(pid, inherited);
    return inherited;
  }

  /** The fields of {@code /proc/PID/stat} behind the name; none when there is no such process. */
  private static String[] stat(int pid) {
    try {
      String line = Files.readString(PROCESSES.resolve(pid + "/stat"));
      return line.substring(line.lastIndexOf(')') + 2).split(" ", -1);
    } catch (IOException gone) {
      return new String[0];
    }
  }

  /** A process has ended. */
  void exited(int pid) {
    known.remove(pid);
  }
}
