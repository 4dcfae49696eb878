// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.view;

import io.iommufd4j.kernel.Kernel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The simulated kernel's own tree: {@code /sys} and {@code /dev}. */
final class SimulatedTree {

  /** The end of the names that nodes have which are gone and still open: nobody lists those. */
  private static final String DELETED = " (deleted)";

  /** The first number of a file, so that no number is one of the host's. */
  private static final long FIRST_INODE = 1L << 32;

  private final FileSystem files;

  SimulatedTree(Kernel kernel) {
    files = kernel.sysfs().getFileSystem();
  }

  /** The kind of the file at a path; {@link FileKind#NONE} where there is none. */
  FileKind kind(String path) {
    if (path.endsWith(DELETED) || !(path.startsWith("/sys") || path.startsWith("/dev"))) {
      return FileKind.NONE;
    }
    Path file = files.getPath(path);
    if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      return FileKind.NONE;
    }
    if (Files.isSymbolicLink(file)) {
      return FileKind.LINK;
    }
    return Files.isDirectory(file) ? FileKind.DIRECTORY : FileKind.FILE;
  }

  /** The target of a link. */
  String target(String path) throws IOException {
    return Files.readSymbolicLink(files.getPath(path)).toString();
  }

  /** The names in a directory; none when it is gone. */
  List<String> names(String path) {
    try (var listed = Files.list(files.getPath(path))) {
      return listed
          .map(file -> String.valueOf(file.getFileName()))
          .filter(name -> !name.endsWith(DELETED))
          .toList();
    } catch (IOException | UncheckedIOException gone) {
      return List.of();
    }
  }

  /** The number of a file. */
  long inode(String path) {
    try {
      return inode(attributes(path, BasicFileAttributes.class));
    } catch (IOException gone) {
      return FIRST_INODE;
    }
  }

  private static long inode(BasicFileAttributes attributes) {
    Object key = attributes.fileKey();
    return FIRST_INODE + (key == null ? 0 : key.hashCode());
  }

  private <A extends BasicFileAttributes> A attributes(String path, Class<A> view)
      throws IOException {
    return Files.readAttributes(files.getPath(path), view, LinkOption.NOFOLLOW_LINKS);
  }

  /** The permissions of a file, without its type. */
  int permissions(String path) throws IOException {
    int bits = 0;
    for (PosixFilePermission one : attributes(path, PosixFileAttributes.class).permissions()) {
      bits |=
          switch (one) {
            case OWNER_READ -> 0400;
            case OWNER_WRITE -> 0200;
            case OWNER_EXECUTE -> 0100;
            case GROUP_READ -> 040;
            case GROUP_WRITE -> 020;
            case GROUP_EXECUTE -> 010;
            case OTHERS_READ -> 04;
            case OTHERS_WRITE -> 02;
            case OTHERS_EXECUTE -> 01;
          };
    }
    return bits;
  }

  /** The content of a file as it lies in the tree. */
  byte @Nullable [] bytes(String path) {
    try {
      return Files.readAllBytes(files.getPath(path));
    } catch (IOException gone) {
      return null;
    }
  }

  /** The number of a device node, as {@code makedev(3)} makes it; 0 for other files. */
  long special(String path) throws IOException {
    return Files.getAttribute(files.getPath(path), "unix:rdev") instanceof Long number ? number : 0;
  }

  /**
   * The facts of a file.
   *
   * @param device {@code st_dev}
   * @param mode type and permissions
   */
  FileFacts facts(String path, long device, int mode, int links, long special, long bytes)
      throws IOException {
    BasicFileAttributes attributes = attributes(path, BasicFileAttributes.class);
    return new FileFacts(
        device,
        inode(attributes),
        mode,
        links,
        special,
        bytes,
        FileFacts.BLOCK,
        attributes.lastModifiedTime().toMillis() * 1_000_000);
  }
}
