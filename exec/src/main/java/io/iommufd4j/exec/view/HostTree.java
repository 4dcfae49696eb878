// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.view;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The host's files, without those that the simulated machine takes the place of: its PCI devices
 * with all that belongs to them, its IOMMUs, iommufd and VFIO.
 */
final class HostTree {

  private final Path root;
  private final Replaced replaced = new Replaced();

  /**
   * The files below a directory.
   *
   * @param root {@code /}, or what stands for it
   */
  HostTree(Path root) {
    this.root = root;
  }

  private Path at(String path) {
    return root.resolve(path.substring(1));
  }

  /** True for a directory in which something may not be shown. */
  boolean filters(String path) {
    return replaced.filters(path);
  }

  /** The kind of the file at a path, which is without links but perhaps for its last name. */
  FileKind kind(String path) {
    if (replaced.hides(path)) {
      return FileKind.HIDDEN;
    }
    try {
      return kind(path, attributes(path));
    } catch (AccessDeniedException denied) {
      return FileKind.DENIED;
    } catch (IOException none) {
      return FileKind.NONE;
    } catch (InvalidPathException foreign) {
      // A name that Java cannot say in this locale: the host answers the call.
      return FileKind.DENIED;
    }
  }

  private FileKind kind(String path, BasicFileAttributes attributes) throws IOException {
    if (attributes.isSymbolicLink()) {
      return replaced.hides(path, target(path)) ? FileKind.HIDDEN : FileKind.LINK;
    }
    return attributes.isDirectory() ? FileKind.DIRECTORY : FileKind.FILE;
  }

  private BasicFileAttributes attributes(String path) throws IOException {
    return Files.readAttributes(at(path), BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
  }

  /** The target of a link. */
  String target(String path) throws IOException {
    return Files.readSymbolicLink(at(path)).toString();
  }

  /** The content of a file; nothing when it may not be read. */
  byte[] bytes(String path) {
    try {
      return Files.readAllBytes(at(path));
    } catch (IOException denied) {
      return new byte[0];
    }
  }

  /** Everything in a directory. */
  List<DirectoryEntry> entries(String path) {
    var entries = new ArrayList<DirectoryEntry>();
    try (var listed = Files.newDirectoryStream(at(path))) {
      for (Path file : listed) {
        String name = String.valueOf(file.getFileName());
        entry(path.equals("/") ? path + name : path + "/" + name, name, entries);
      }
    } catch (IOException | UncheckedIOException | DirectoryIteratorException denied) {
      // What the host does not show is not shown.
    }
    return entries;
  }

  private void entry(String path, String name, List<DirectoryEntry> entries) {
    if (replaced.hides(path)) {
      return;
    }
    try {
      var facts = Files.readAttributes(at(path), "unix:mode,ino", LinkOption.NOFOLLOW_LINKS);
      int mode = number(facts, "mode").intValue();
      if ((mode & FileFacts.TYPE) == FileFacts.LINK && replaced.hides(path, target(path))) {
        return;
      }
      entries.add(new DirectoryEntry(name, number(facts, "ino").longValue(), mode >> 12 & 15));
    } catch (IOException gone) {
      // It went away while the directory was read.
    }
  }

  /** The facts of a file. */
  FileFacts facts(String path) throws IOException {
    var facts =
        Files.readAttributes(
            at(path),
            "unix:dev,ino,mode,nlink,rdev,size,lastModifiedTime",
            LinkOption.NOFOLLOW_LINKS);
    long modified =
        facts.get("lastModifiedTime") instanceof FileTime time ? time.to(TimeUnit.NANOSECONDS) : 0;
    return new FileFacts(
        number(facts, "dev").longValue(),
        number(facts, "ino").longValue(),
        number(facts, "mode").intValue(),
        number(facts, "nlink").intValue(),
        number(facts, "rdev").longValue(),
        number(facts, "size").longValue(),
        FileFacts.BLOCK,
        modified);
  }

  private static Number number(Map<String, Object> facts, String name) {
    return facts.get(name) instanceof Number number ? number : 0;
  }
}
