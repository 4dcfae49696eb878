// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.kernfs;

import io.iommufd4j.sim.lib.Refused;
import java.io.IOException;
import java.net.URI;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessMode;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.NotLinkException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.ReadOnlyFileSystemException;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.spi.FileSystemProvider;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reading of trees by path. What would change one is refused: that goes by system calls. */
final class KernfsProvider extends FileSystemProvider {

  static final KernfsProvider ONE = new KernfsProvider();

  /** Trees are found by who has them, not by an address. */
  static final String SCHEME = "kernfs";

  private KernfsProvider() {}

  private static @Nullable Node find(Path path, boolean follow) {
    KernfsPath its = KernfsPath.of(path);
    return its.getFileSystem().tree().find(its.absolute(), follow);
  }

  private static Node require(Path path, LinkOption... options) throws NoSuchFileException {
    Node found = find(path, options.length == 0);
    if (found == null) {
      throw new NoSuchFileException(path.toString());
    }
    return found;
  }

  @Override
  public String getScheme() {
    return SCHEME;
  }

  @Override
  public FileSystem newFileSystem(URI uri, Map<String, ?> environment) {
    throw new UnsupportedOperationException("a simulated kernel has its own");
  }

  @Override
  public FileSystem getFileSystem(URI uri) {
    throw new UnsupportedOperationException("a simulated kernel has its own");
  }

  @Override
  public Path getPath(URI uri) {
    throw new UnsupportedOperationException("a simulated kernel has its own");
  }

  @Override
  public SeekableByteChannel newByteChannel(
      Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
      throws IOException {
    for (OpenOption option : options) {
      if (option != StandardOpenOption.READ && !(option instanceof LinkOption)) {
        throw new ReadOnlyFileSystemException();
      }
    }
    if (!(require(path) instanceof KernfsFile file)) {
      throw new FileSystemException(path.toString(), null, "Is a directory");
    }
    try {
      byte[] bytes = file.bytes();
      return new ContentChannel(bytes == null ? new byte[0] : bytes);
    } catch (Refused gone) {
      // Its device went between the two steps.
      throw new NoSuchFileException(path.toString());
    }
  }

  @Override
  public DirectoryStream<Path> newDirectoryStream(
      Path path, DirectoryStream.Filter<? super Path> filter) throws IOException {
    if (!(require(path) instanceof Directory directory)) {
      throw new NotDirectoryException(path.toString());
    }
    List<String> names = KernfsPath.of(path).getFileSystem().tree().names(directory);
    var entries = new ArrayList<Path>(names.size());
    for (String name : names) {
      entries.add(path.resolve(name));
    }
    entries.removeIf(entry -> !accepts(filter, entry));
    return new DirectoryStream<>() {
      @Override
      public Iterator<Path> iterator() {
        return entries.iterator();
      }

      @Override
      public void close() {
        // Nothing is open: these are the names of that moment.
      }
    };
  }

  private static boolean accepts(DirectoryStream.Filter<? super Path> filter, Path entry) {
    try {
      return filter.accept(entry);
    } catch (IOException e) {
      throw new DirectoryIteratorException(e);
    }
  }

  @Override
  public Path readSymbolicLink(Path path) throws IOException {
    if (!(require(path, LinkOption.NOFOLLOW_LINKS) instanceof Link link)) {
      throw new NotLinkException(path.toString());
    }
    return KernfsPath.of(path).getFileSystem().getPath(link.target());
  }

  @Override
  public boolean exists(Path path, LinkOption... options) {
    return find(path, options.length == 0) != null;
  }

  @Override
  public void checkAccess(Path path, AccessMode... modes) throws IOException {
    require(path);
  }

  @Override
  public boolean isSameFile(Path path, Path other) throws IOException {
    return path.equals(other)
        || (other instanceof KernfsPath && require(path).equals(require(other)));
  }

  @Override
  public boolean isHidden(Path path) {
    return false;
  }

  @Override
  public FileStore getFileStore(Path path) {
    throw new UnsupportedOperationException("no store: files are made when they are read");
  }

  @Override
  public <V extends FileAttributeView> @Nullable V getFileAttributeView(
      Path path, Class<V> type, LinkOption... options) {
    return null;
  }

  private static NodeAttributes attributes(Path path, Node node) {
    return new NodeAttributes(node, KernfsPath.of(path).getFileSystem().tree().made());
  }

  private static void requireKnown(Class<?> type) {
    if (type != BasicFileAttributes.class && type != PosixFileAttributes.class) {
      throw new UnsupportedOperationException(type.getName());
    }
  }

  @Override
  public <A extends BasicFileAttributes> A readAttributes(
      Path path, Class<A> type, LinkOption... options) throws IOException {
    requireKnown(type);
    return type.cast(attributes(path, require(path, options)));
  }

  @Override
  public <A extends BasicFileAttributes> @Nullable A readAttributesIfExists(
      Path path, Class<A> type, LinkOption... options) {
    requireKnown(type);
    Node found = find(path, options.length == 0);
    return found == null ? null : type.cast(attributes(path, found));
  }

  /** Knows {@code unix:rdev} alone, as Java shows it of a host's device nodes. */
  @Override
  public Map<String, Object> readAttributes(Path path, String wanted, LinkOption... options)
      throws IOException {
    if (!wanted.equals("unix:rdev")) {
      throw new UnsupportedOperationException(wanted);
    }
    Node node = require(path, options);
    return Map.of("rdev", node instanceof KernfsFile file ? file.device() : 0L);
  }

  @Override
  public void setAttribute(Path path, String attribute, Object value, LinkOption... options) {
    throw new ReadOnlyFileSystemException();
  }

  @Override
  public void createDirectory(Path directory, FileAttribute<?>... attributes) {
    throw new ReadOnlyFileSystemException();
  }

  @Override
  public void delete(Path path) {
    throw new ReadOnlyFileSystemException();
  }

  @Override
  public void copy(Path source, Path target, CopyOption... options) {
    throw new ReadOnlyFileSystemException();
  }

  @Override
  public void move(Path source, Path target, CopyOption... options) {
    throw new ReadOnlyFileSystemException();
  }
}
