// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.kernfs;

import java.nio.charset.StandardCharsets;
import java.nio.file.ClosedFileSystemException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The tree, from {@code /} on. Here it is made and changed; who reads it does so by {@link #path}.
 *
 * <p>Paths given here are absolute and lead through directories alone, as {@code /sys/bus/pci};
 * what is missing above a file is made.
 */
public final class Kernfs implements AutoCloseable {

  /** {@code MAXSYMLINKS}: links in a row that a path may lead through. */
  private static final int MOST_LINKS = 40;

  private final Directory root = new Directory(Directory.ROOT);
  private final KernfsFileSystem files = new KernfsFileSystem(this);
  private final FileTime made = FileTime.from(Instant.now());
  // The rest is guarded by this.
  private long lastInode = Directory.ROOT;
  private boolean closed;

  /** The path of a file, for {@link java.nio.file.Files}. */
  public Path path(String path) {
    return files.getPath(path);
  }

  /** The time that all files are of. */
  FileTime made() {
    return made;
  }

  /** Makes a directory, which may be there already. */
  public synchronized void directory(String path) {
    make(path);
  }

  /**
   * Makes a directory.
   *
   * @param content makes files in it, here, when somebody looks for what is not there yet; it waits
   *     for nobody
   */
  public synchronized void directory(String path, Runnable content) {
    make(path).content(content);
  }

  private Directory make(String path) {
    Directory at = root;
    for (int start = 1; start < path.length(); ) {
      int end = nameEnd(path, start);
      String name = path.substring(start, end);
      Node next = at.made(name);
      if (next instanceof Link link) {
        next = find(at, link.target(), true, 0);
      } else if (next == null) {
        next = new Directory(++lastInode);
        at.put(name, next);
      }
      if (!(next instanceof Directory below)) {
        throw new IllegalStateException(path + ": " + name + " is no directory");
      }
      at = below;
      start = end + 1;
    }
    return at;
  }

  private static int nameEnd(String path, int start) {
    int slash = path.indexOf('/', start);
    return slash < 0 ? path.length() : slash;
  }

  private static String above(String path) {
    return path.substring(0, path.lastIndexOf('/'));
  }

  private static String name(String path) {
    return path.substring(path.lastIndexOf('/') + 1);
  }

  /**
   * Makes a file, or changes what is in it.
   *
   * @param content what a read shows, null when it can't be read
   * @param store the action of a write, null when it can't be written
   */
  public synchronized void file(
      String path, Access access, @Nullable Supplier<byte[]> content, @Nullable Store store) {
    Directory directory = make(above(path));
    String name = name(path);
    if (directory.made(name) instanceof KernfsFile file) {
      file.change(content, store);
    } else {
      var file = new KernfsFile(++lastInode, access, 0);
      file.change(content, store);
      directory.put(name, file);
    }
  }

  /**
   * Makes a file of text that everybody may read, or changes what is in it.
   *
   * @param text made at each read
   * @param store the action of a write by root, null when it can't be written
   */
  public void text(String path, Supplier<String> text, @Nullable Store store) {
    Access access = store == null ? Access.READ : Access.WRITE;
    file(path, access, () -> text.get().getBytes(StandardCharsets.ISO_8859_1), store);
  }

  /**
   * Makes the node of a device, in place of one that is there.
   *
   * @param number as {@code makedev(3)} makes it
   */
  public synchronized void node(String path, long number) {
    make(above(path)).put(name(path), new KernfsFile(++lastInode, Access.MAP, number));
  }

  /** Makes a link, or turns it to another target, whose text is kept as it is. */
  public synchronized void link(String path, String target) {
    make(above(path)).put(name(path), new Link(++lastInode, target));
  }

  /** Takes a file, a link, or a directory with all that is in it away, when it is there. */
  public synchronized void remove(String path) {
    if (find(root, above(path), true, 0) instanceof Directory directory) {
      directory.remove(name(path));
    }
  }

  /**
   * Finds what a path leads to; null for nothing.
   *
   * @param follow whether a link at its end is followed
   */
  public synchronized @Nullable Node find(String path, boolean follow) {
    if (closed) {
      throw new ClosedFileSystemException();
    }
    return find(root, path, follow, 0);
  }

  private @Nullable Node find(Directory from, String path, boolean follow, int links) {
    Node at = path.startsWith("/") ? root : from;
    for (int start = 0; start < path.length(); ) {
      int end = nameEnd(path, start);
      if (!(at instanceof Directory directory)) {
        return null;
      }
      at = end == start ? at : step(directory, path.substring(start, end));
      if (at instanceof Link link && (follow || end < path.length())) {
        at = links == MOST_LINKS ? null : find(directory, link.target(), true, links + 1);
      }
      start = end + 1;
    }
    return at;
  }

  private @Nullable Node step(Directory directory, String name) {
    return switch (name) {
      case "." -> directory;
      case ".." -> directory.parent() == null ? root : directory.parent();
      default -> directory.find(name);
    };
  }

  /** The path of what a path leads to, without links; null for nothing. */
  synchronized @Nullable String realPath(String path) {
    Node found = find(path, true);
    return found == null ? null : found.path();
  }

  /** The names in a directory. */
  synchronized List<String> names(Directory directory) {
    return directory.names();
  }

  /** True as long as the tree has a file. */
  public synchronized boolean has(KernfsFile file) {
    return !closed && file.attached();
  }

  /** False when the tree has ended. */
  synchronized boolean open() {
    return !closed;
  }

  /** Ends the tree: its paths lead nowhere any more. */
  @Override
  public synchronized void close() {
    closed = true;
  }
}
