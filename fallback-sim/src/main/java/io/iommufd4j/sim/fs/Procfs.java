package io.iommufd4j.sim.fs;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What {@code /proc} tells of device nodes that are open: {@code /proc/PID/fd/N} leads to the node.
 * Who is about to unbind a device looks here first, as the kernel would wait for the node's close.
 */
public final class Procfs {

  private final Path root;
  private final Path descriptors;

  /**
   * Shows a process without descriptors.
   *
   * @param files where the tree is made
   * @param pid the process
   */
  public Procfs(FileSystem files, long pid) {
    root = files.getPath("/proc");
    descriptors = root.resolve(Long.toString(pid)).resolve("fd");
    try {
      Files.createDirectories(descriptors);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A descriptor of a node is there. */
  public void opened(int fd, String node) {
    Path link = entry(fd);
    try {
      Files.deleteIfExists(link);
      Files.createSymbolicLink(link, root.resolve(node));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A descriptor may have been of a node, and is gone. */
  public void closed(int fd) {
    try {
      Files.deleteIfExists(entry(fd));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A second descriptor of what may be a node is there. */
  public void duplicated(int fd, int second) {
    if (Files.isSymbolicLink(entry(fd))) {
      try {
        opened(second, Files.readSymbolicLink(entry(fd)).toString());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private Path entry(int fd) {
    return descriptors.resolve(Integer.toString(fd));
  }
}
