// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.pci;

import io.iommufd4j.error.HostException;
import io.iommufd4j.kernel.Errno;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.NotLinkException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Reads a tree of attributes and links. A file that is not there is an answer, not an error:
 * devices come and go while one looks.
 */
final class Sysfs {

  private Sysfs() {}

  /** ENODEV in the words of strerror(3), which is all that Java leaves of it. */
  private static final String NO_SUCH_DEVICE = "No such device";

  /**
   * The text of an attribute without its line end. Empty when there is no such file, and when its
   * device goes in the meantime: reading is ENODEV then ({@code kernfs_get_active}).
   */
  static Optional<String> attribute(Path file) {
    try {
      return Optional.of(Files.readString(file).strip());
    } catch (NoSuchFileException gone) {
      return Optional.empty();
    } catch (IOException e) {
      if (String.valueOf(e.getMessage()).endsWith(NO_SUCH_DEVICE) || !Files.exists(file)) {
        return Optional.empty();
      }
      throw failed(file, e);
    }
  }

  /** The last name of what a link points to; empty when there is no such link. */
  static Optional<String> linkedName(Path link) {
    try {
      return Optional.ofNullable(Files.readSymbolicLink(link).getFileName()).map(Path::toString);
    } catch (NoSuchFileException | NotLinkException gone) {
      return Optional.empty();
    } catch (IOException e) {
      // Below a file Java has no exception of its own for ENOTDIR.
      if (!Files.exists(link, LinkOption.NOFOLLOW_LINKS)) {
        return Optional.empty();
      }
      throw failed(link, e);
    }
  }

  /** The names in a directory, in order; none when there is no such directory. */
  static List<String> names(Path directory) {
    try (var entries = Files.list(directory)) {
      return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
    } catch (NoSuchFileException | NotDirectoryException gone) {
      return List.of();
    } catch (IOException | UncheckedIOException e) {
      throw failed(directory, e);
    }
  }

  private static HostException failed(Path path, Exception cause) {
    Errno errno = cause instanceof AccessDeniedException ? Errno.EACCES : Errno.EIO;
    var failed = new HostException("read " + path, errno, String.valueOf(cause.getMessage()));
    failed.initCause(cause);
    return failed;
  }
}
