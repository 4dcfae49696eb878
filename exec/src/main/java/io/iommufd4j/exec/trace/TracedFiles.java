// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.trace;

import io.iommufd4j.exec.record.RecordedEvent;
import io.iommufd4j.exec.record.RecordedKind;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The files that traced programs have open. Nothing tells of closes, copies and inherited
 * descriptors; {@code /proc} is looked at before each call instead. Where two files have the same
 * path, a descriptor that nothing is known of is taken for a copy of the one with the same number,
 * or else of the latest.
 */
final class TracedFiles {

  /** A descriptor. */
  private record Descriptor(int pid, int fd) {}

  /** A file. */
  private static final class Open {
    final int number;
    final String name;
    final Set<Descriptor> descriptors = new HashSet<>();
    int lastPid;

    Open(int number, String name) {
      this.number = number;
      this.name = name;
    }
  }

  private final Map<Integer, Open> files = new LinkedHashMap<>();
  private final Map<Integer, Integer> processes = new HashMap<>();
  private int last = RecordedEvent.NO_FILE;

  /** {@return the process of a thread} */
  int process(int thread) {
    return processes.computeIfAbsent(thread, TracedFiles::leader);
  }

  private static int leader(int thread) {
    try {
      for (String line : Files.readAllLines(Path.of("/proc", Integer.toString(thread), "status"))) {
        if (line.startsWith("Tgid:")) {
          return Integer.parseInt(line.substring(5).strip());
        }
      }
    } catch (IOException gone) {
      // Then it is taken for a process.
    }
    return thread;
  }

  /** A thread has ended. */
  void ended(int thread) {
    processes.remove(thread);
  }

  /** {@return the name behind a descriptor; empty when there is none} */
  static String name(int pid, int fd) {
    try {
      return Files.readSymbolicLink(link(pid, fd)).toString();
    } catch (IOException closed) {
      return "";
    }
  }

  private static Path link(int pid, int fd) {
    return Path.of("/proc", Integer.toString(pid), "fd", Integer.toString(fd));
  }

  /** A process got a descriptor of a new file: its number. */
  int opened(int pid, int fd) {
    var descriptor = new Descriptor(pid, fd);
    files.values().forEach(file -> file.descriptors.remove(descriptor));
    var file = new Open(++last, name(pid, fd));
    file.descriptors.add(descriptor);
    file.lastPid = pid;
    files.put(file.number, file);
    return file.number;
  }

  /**
   * The file behind a descriptor.
   *
   * @param found gets the number and the kind of a file that was open before anything was seen of
   *     it
   * @return {@link RecordedEvent#NO_FILE} for one that is not recorded
   */
  int at(int pid, int fd, BiConsumer<Integer, RecordedKind> found) {
    String name = name(pid, fd);
    RecordedKind kind = RecordedKind.of(name);
    var descriptor = new Descriptor(pid, fd);
    if (kind == null) {
      return given(descriptor, name);
    }
    Open same = null;
    for (Open file : files.values()) {
      if (file.name.equals(name)) {
        if (file.descriptors.contains(descriptor)) {
          return file.number;
        }
        boolean inherited = file.descriptors.stream().anyMatch(one -> one.fd() == fd);
        if (same == null || inherited || same.descriptors.stream().noneMatch(o -> o.fd() == fd)) {
          same = file;
        }
      }
    }
    if (same != null) {
      same.descriptors.add(descriptor);
      same.lastPid = pid;
      return same.number;
    }
    int number = opened(pid, fd);
    found.accept(number, kind);
    return number;
  }

  /** A file that a request gave, whose name says too little of it, as that of a DMA-BUF. */
  private int given(Descriptor descriptor, String name) {
    for (Open file : files.values()) {
      if (file.name.equals(name) && file.descriptors.contains(descriptor)) {
        return file.number;
      }
    }
    return RecordedEvent.NO_FILE;
  }

  /**
   * Looks for files that nobody has any more.
   *
   * @param closed gets the number of each, and the process that was seen with it last
   */
  void settle(BiConsumer<Integer, Integer> closed) {
    for (Open file : List.copyOf(files.values())) {
      file.descriptors.removeIf(one -> !name(one.pid(), one.fd()).equals(file.name));
      if (file.descriptors.isEmpty() && !adopted(file)) {
        files.remove(file.number);
        closed.accept(file.number, file.lastPid);
      }
    }
  }

  /** True when there is a descriptor of such a file that is not known as another one's. */
  private boolean adopted(Open file) {
    for (int pid : new HashSet<>(processes.values())) {
      for (int fd : descriptors(pid)) {
        var descriptor = new Descriptor(pid, fd);
        if (name(pid, fd).equals(file.name) && owner(descriptor) == null) {
          file.descriptors.add(descriptor);
          file.lastPid = pid;
          return true;
        }
      }
    }
    return false;
  }

  private @Nullable Open owner(Descriptor descriptor) {
    for (Open file : files.values()) {
      if (file.descriptors.contains(descriptor)) {
        return file;
      }
    }
    return null;
  }

  private static List<Integer> descriptors(int pid) {
    var numbers = new ArrayList<Integer>();
    try (var entries = Files.newDirectoryStream(Path.of("/proc", Integer.toString(pid), "fd"))) {
      for (Path entry : entries) {
        numbers.add(Integer.parseInt(String.valueOf(entry.getFileName())));
      }
    } catch (IOException | DirectoryIteratorException gone) {
      return numbers;
    }
    return numbers;
  }
}
