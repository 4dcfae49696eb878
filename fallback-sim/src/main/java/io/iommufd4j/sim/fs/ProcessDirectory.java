// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.fs;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.sim.kernfs.Kernfs;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One process under {@code /proc}, as far as a search for holders of a device needs it: {@code
 * comm}, {@code cmdline}, {@code maps}, and {@code fd}, {@code fdinfo} and {@code map_files} of the
 * files that are shown.
 */
final class ProcessDirectory {

  /** The names in it. */
  static final List<String> FILES = List.of("comm", "cmdline", "maps", "fd", "fdinfo", "map_files");

  /** The file that a descriptor stands for, as it is shown. */
  record Shown(String name, String info) {}

  private final Kernfs tree;
  private final String directory;
  private final Map<Integer, Shown> descriptors = new HashMap<>();
  private final MappedFiles mapped = new MappedFiles();
  private final boolean keepsAll;

  /**
   * A process without descriptors.
   *
   * @param tree where it is shown
   * @param directory its path there
   * @param command its name and its arguments
   * @param keepsAll whether {@link #mappings} knows what is not shown as well
   */
  ProcessDirectory(Kernfs tree, String directory, List<String> command, boolean keepsAll) {
    this.tree = tree;
    this.directory = directory;
    this.keepsAll = keepsAll;
    tree.directory(directory + "/fd");
    tree.directory(directory + "/fdinfo");
    tree.directory(directory + "/map_files");
    String name = command.getFirst().substring(command.getFirst().lastIndexOf('/') + 1);
    // TASK_COMM_LEN with its end.
    String comm = name.substring(0, Math.min(name.length(), 15)) + "\n";
    String words = String.join("\0", command) + "\0";
    tree.text(directory + "/comm", () -> comm, null);
    tree.text(directory + "/cmdline", () -> words, null);
    tree.text(directory + "/maps", this::maps, null);
  }

  /**
   * A descriptor is there.
   *
   * @param name of the file that it stands for
   * @param info the file's own lines
   */
  synchronized void opened(int fd, String name, int flags, String info) {
    show(
        fd,
        new Shown(name, "pos:\t0\nflags:\t0%o\nmnt_id:\t6\nino:\t1\n%s".formatted(flags, info)));
  }

  private void show(int fd, Shown shown) {
    descriptors.put(fd, shown);
    tree.link(directory + "/fd/" + fd, shown.name());
    tree.text(directory + "/fdinfo/" + fd, shown::info, null);
  }

  /** The file of a descriptor; empty when it is not shown. */
  synchronized Optional<Shown> shown(int fd) {
    return Optional.ofNullable(descriptors.get(fd));
  }

  /** A descriptor is there of what may be shown. */
  synchronized void opened(int fd, Optional<Shown> file) {
    file.ifPresent(shown -> show(fd, shown));
  }

  /** A descriptor that may be shown is gone. */
  synchronized void closed(int fd) {
    if (descriptors.remove(fd) != null) {
      tree.remove(directory + "/fd/" + fd);
      tree.remove(directory + "/fdinfo/" + fd);
    }
  }

  /** Memory is mapped; what is not of a file that is shown counts only for {@link #mappings}. */
  synchronized void mapped(long start, long end, int protection, int flags, int fd, long offset) {
    Shown shown = descriptors.get(fd);
    String name = shown == null ? "" : shown.name();
    if (name.isEmpty() && !keepsAll) {
      return;
    }
    boolean shared = (flags & libc_h.MAP_SHARED()) != 0;
    mapped.add(new MappedFiles.Area(start, end, protection, shared, offset, name));
    if (!name.isEmpty()) {
      showMapped();
    }
  }

  /** Nothing is mapped between two addresses any more. */
  synchronized void unmapped(long start, long end) {
    if (mapped.remove(start, end)) {
      showMapped();
    }
  }

  private void showMapped() {
    String links = directory + "/map_files";
    tree.remove(links);
    tree.directory(links);
    mapped.shown().forEach(area -> tree.link(links + "/" + area.range(), area.name()));
  }

  /** The lines of {@code maps}, of files that are shown. */
  synchronized String maps() {
    return mapped.text();
  }

  /** A node is gone that may be open or mapped. */
  synchronized void deleted(String node) {
    descriptors.entrySet().stream()
        .filter(entry -> entry.getValue().name().equals(node))
        .toList()
        .forEach(entry ->
            show(entry.getKey(), new Shown(node + Devtmpfs.DELETED, entry.getValue().info())));
    if (mapped.rename(name -> name.equals(node) ? node + Devtmpfs.DELETED : name)) {
      showMapped();
    }
  }

  /** Its mappings, as ranges from a first address to an exclusive end. */
  synchronized List<long[]> mappings() {
    return mapped.all().stream().map(area -> new long[] {area.start(), area.end()}).toList();
  }
}
