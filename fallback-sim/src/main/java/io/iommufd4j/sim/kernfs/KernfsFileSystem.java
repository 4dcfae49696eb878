// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.kernfs;

import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.WatchService;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.nio.file.spi.FileSystemProvider;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/** The tree as a file system of Java's, to be read. */
final class KernfsFileSystem extends FileSystem {

  private static final Pattern SLASHES = Pattern.compile("//+");

  private final Kernfs tree;

  KernfsFileSystem(Kernfs tree) {
    this.tree = tree;
  }

  Kernfs tree() {
    return tree;
  }

  @Override
  public FileSystemProvider provider() {
    return KernfsProvider.ONE;
  }

  @Override
  public KernfsPath getPath(String first, String... more) {
    String text = more.length == 0 ? first : first + "/" + String.join("/", more);
    if (text.contains("//")) {
      text = SLASHES.matcher(text).replaceAll("/");
    }
    boolean tail = text.length() > 1 && text.endsWith("/");
    return new KernfsPath(this, tail ? text.substring(0, text.length() - 1) : text);
  }

  @Override
  public void close() {
    tree.close();
  }

  @Override
  public boolean isOpen() {
    return tree.open();
  }

  /** True: what is written goes to files that are opened by a system call. */
  @Override
  public boolean isReadOnly() {
    return true;
  }

  @Override
  public String getSeparator() {
    return "/";
  }

  @Override
  public Iterable<Path> getRootDirectories() {
    return List.of(getPath("/"));
  }

  @Override
  public Iterable<FileStore> getFileStores() {
    return List.of();
  }

  @Override
  public Set<String> supportedFileAttributeViews() {
    return Set.of("basic", "posix", "unix");
  }

  @Override
  public PathMatcher getPathMatcher(String syntaxAndPattern) {
    throw new UnsupportedOperationException("no patterns");
  }

  @Override
  public UserPrincipalLookupService getUserPrincipalLookupService() {
    throw new UnsupportedOperationException("all files are root's");
  }

  @Override
  public WatchService newWatchService() {
    throw new UnsupportedOperationException("no watches, as in sysfs");
  }
}
