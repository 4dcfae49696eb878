// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.view;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A simulated machine's files and the host's, as one tree. */
public final class MachineFiles implements FileView {

  /** {@code PATH_MAX}, in bytes with the end. */
  private static final int LONGEST = 4096;

  private static final int PAGE = 4096;

  private static final Pattern BAR = Pattern.compile("resource(\\d)(_wc)?");

  private static final String DEBUGFS = "/sys/kernel/debug";

  private final SimulatedTree tree;
  private final HostTree host;
  private final ProcessTree processes;
  private final KernelFiles kernelFiles;
  private final WorkingDirectories workingDirectories = new WorkingDirectories();

  /**
   * The files of a machine on this host.
   *
   * @param kernel the simulated kernel
   * @param programs its processes
   */
  public MachineFiles(Kernel kernel, Programs programs) {
    this(kernel, programs, Path.of("/"));
  }

  /** The same on what stands for a host. */
  MachineFiles(Kernel kernel, Programs programs, Path hostRoot) {
    tree = new SimulatedTree(kernel);
    host = new HostTree(hostRoot);
    kernelFiles = new KernelFiles(kernel);
    processes = new ProcessTree(programs, workingDirectories, kernelFiles::read, host);
  }

  SimulatedTree tree() {
    return tree;
  }

  HostTree host() {
    return host;
  }

  ProcessTree processes() {
    return processes;
  }

  @Override
  public Found find(
      Caller caller, @Nullable String base, String path, boolean follow, long resolve) {
    if (path.length() >= LONGEST) {
      return new Found.Refusal(Errno.ENAMETOOLONG);
    }
    if (path.startsWith("/") && (resolve & (Resolve.BENEATH | Resolve.IN_ROOT)) == 0) {
      return mayLeadHere(path)
          ? new PathWalk(this, caller, place("/"), true, follow, resolve).along(path)
          : new Found.Pass();
    }
    if (base != null) {
      Place start = place(base);
      boolean passes = !start.simulated() || base.equals("/");
      return new PathWalk(this, caller, start, passes, follow, resolve).along(path);
    }
    String emulated = workingDirectories.of(caller.pid());
    if (emulated != null) {
      return new PathWalk(this, caller, place(emulated), false, follow, resolve).along(path);
    }
    String real = hostWorkingDirectory(caller);
    if (real == null || !(Place.inArea(real) || real.equals("/") || path.contains(".."))) {
      return new Found.Pass();
    }
    return new PathWalk(this, caller, place(real), true, follow, resolve).along(path);
  }

  /** False for an absolute path that can only lead to the host's files. */
  private static boolean mayLeadHere(String path) {
    return Place.inArea(path)
        || path.contains("..")
        || path.startsWith("//")
        || path.startsWith("/./");
  }

  private static @Nullable String hostWorkingDirectory(Caller caller) {
    try {
      return Files.readSymbolicLink(Path.of("/proc/" + caller.pid() + "/cwd")).toString();
    } catch (IOException gone) {
      return null;
    }
  }

  /** The directory at a path without links. */
  Place place(String path) {
    if (!Place.inArea(path)) {
      return new Place(path, path.equals("/"), true);
    }
    return new Place(
        path, tree.kind(path) == FileKind.DIRECTORY, host.kind(path) == FileKind.DIRECTORY);
  }

  /** The directory where the file system is mounted that a path lies in. */
  public static String mount(String path) {
    for (String mount : List.of(DEBUGFS, "/sys", "/dev", "/proc")) {
      if (Place.within(path, mount)) {
        return mount;
      }
    }
    return "/";
  }

  /** A directory that the simulated kernel has. */
  Found directory(Place place, boolean passes) throws IOException {
    String path = place.path();
    if (path.equals("/")) {
      // It has no name that the host's lacks.
      return passes ? new Found.Pass() : new Found.HostFile("/");
    }
    FileFacts facts =
        place.host()
            ? host.facts(path)
            : tree.facts(path, device(path), FileFacts.DIRECTORY | 0755, links(path), 0, 0);
    return new MergedDirectory(path, facts, passes, () -> entries(place));
  }

  private int links(String path) {
    int links = 2;
    for (String name : tree.names(path)) {
      if (tree.kind(Place.child(path, name)) == FileKind.DIRECTORY) {
        links++;
      }
    }
    return links;
  }

  private List<DirectoryEntry> entries(Place place) {
    String path = place.path();
    var entries = new ArrayList<DirectoryEntry>();
    entries.add(new DirectoryEntry(".", inode(place), DirectoryEntry.DIRECTORY));
    entries.add(
        new DirectoryEntry("..", inode(place(Place.parent(path))), DirectoryEntry.DIRECTORY));
    Map<String, DirectoryEntry> named = new LinkedHashMap<>();
    if (place.host()) {
      host.entries(path).forEach(entry -> named.put(entry.name(), entry));
    }
    for (String name : tree.names(path)) {
      String child = Place.child(path, name);
      FileKind kind = tree.kind(child);
      DirectoryEntry both = named.get(name);
      if (kind == FileKind.DIRECTORY && both != null && both.type() == DirectoryEntry.DIRECTORY) {
        continue; // Its facts are the host's.
      }
      int type =
          switch (kind) {
            case DIRECTORY -> DirectoryEntry.DIRECTORY;
            case LINK -> DirectoryEntry.LINK;
            default -> path.startsWith("/dev") ? DirectoryEntry.CHARACTER : DirectoryEntry.REGULAR;
          };
      named.put(name, new DirectoryEntry(name, tree.inode(child), type));
    }
    entries.addAll(named.values());
    return entries;
  }

  private long inode(Place place) {
    try {
      return place.host() ? host.facts(place.path()).inode() : tree.inode(place.path());
    } catch (IOException gone) {
      return tree.inode(place.path());
    }
  }

  private long device(String path) {
    try {
      return host.facts(mount(path)).device();
    } catch (IOException none) {
      return 0;
    }
  }

  /** A link, asked for itself. */
  Found link(String path, String target) throws IOException {
    FileFacts facts =
        path.startsWith("/proc")
            ? host.facts(path)
            : tree.facts(path, device(path), FileFacts.LINK | 0777, 1, 0, 0);
    return new Found.Link(path, facts, target);
  }

  /** A file of the simulated kernel. */
  Found file(String path) throws IOException {
    long special = tree.special(path);
    if (special != 0) {
      int mode = FileFacts.CHARACTER_DEVICE | (path.equals("/dev/vfio/vfio") ? 0666 : 0600);
      return new Found.DeviceNode(path, tree.facts(path, device(path), mode, 1, special, 0));
    }
    int permissions = tree.permissions(path);
    FileFacts facts =
        tree.facts(path, device(path), FileFacts.REGULAR | permissions, 1, 0, bytes(path));
    return new AttributeFile(path, facts, (permissions & 0200) != 0, () -> kernelFiles.read(path));
  }

  /** The size that {@code stat} shows: a page for text, else the number of bytes. */
  private long bytes(String path) {
    String name = path.substring(path.lastIndexOf('/') + 1);
    if (name.equals("config")) {
      byte[] registers = tree.bytes(path);
      return registers == null ? 0 : registers.length;
    }
    var bar = BAR.matcher(name);
    if (bar.matches()) {
      byte[] table = tree.bytes(Place.child(Place.parent(path), "resource"));
      return table == null ? 0 : Bars.bytes(table, Integer.parseInt(bar.group(1)));
    }
    return path.startsWith(DEBUGFS) ? 0 : PAGE;
  }

  @Override
  public void changeDirectory(Caller caller, @Nullable String path) {
    workingDirectories.change(caller.pid(), path);
  }

  @Override
  public @Nullable String workingDirectory(Caller caller) {
    return workingDirectories.of(caller.pid());
  }

  @Override
  public void exited(int pid) {
    workingDirectories.exited(pid);
  }
}
