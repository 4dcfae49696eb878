// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.fs;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A tree of directories, attributes and links in memory, as {@code /sys} shows it. Programs read it
 * by path; what they write goes through {@link #open}, so that the answer is an errno.
 *
 * <p>Paths given here are below the root and start without a slash, as {@code bus/pci/devices}.
 */
public final class Sysfs implements AutoCloseable {

  /** The action of a write to an attribute. */
  @FunctionalInterface
  public interface Store {
    /**
     * Takes the text as it was written, without its line end.
     *
     * @throws Refused what the write answers
     */
    void store(String text);
  }

  private static final Set<StandardOpenOption> EMPTIED =
      Set.of(
          StandardOpenOption.CREATE,
          StandardOpenOption.TRUNCATE_EXISTING,
          StandardOpenOption.WRITE);

  private final FileSystem files;
  private final Path root;
  private final boolean privileged;
  private final Map<Path, Store> stores = new ConcurrentHashMap<>();
  private final Map<Path, Supplier<byte[]>> live = new ConcurrentHashMap<>();
  private final Set<Path> mappable = ConcurrentHashMap.newKeySet();

  /**
   * An empty tree.
   *
   * @param privileged whether who opens files is root: nobody else may write here
   */
  public Sysfs(boolean privileged) {
    this.privileged = privileged;
    var unix =
        Configuration.unix().toBuilder()
            .setAttributeViews("basic", "posix")
            .addAttributeProvider(new DeviceNumberAttribute());
    // Jimfs' own random names take a SecureRandom, which takes longer to make than the file system.
    var random = ThreadLocalRandom.current();
    var name = new UUID(random.nextLong(), random.nextLong());
    files = Jimfs.newFileSystem(name.toString(), unix.build());
    root = files.getPath("/sys");
    directory("");
  }

  /** The root: {@code /sys} of a file system of its own. */
  public Path root() {
    return root;
  }

  /** Makes a directory and those above it. */
  public void directory(String path) {
    try {
      make(root.resolve(path));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * {@link Files#createDirectories} finds by exceptions what is there: one or two for each file.
   */
  private static void make(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      Files.createDirectories(directory);
    }
  }

  /** Makes an attribute that can be read, or changes what it says. */
  public void attribute(String path, String text) {
    put(path, text.getBytes(StandardCharsets.ISO_8859_1), "r--r--r--", null);
  }

  /**
   * Makes an attribute of bytes that can be read. In the tree itself lie those of this moment; who
   * opens it gets those of then.
   */
  public void binary(String path, Supplier<byte[]> bytes) {
    put(path, bytes.get(), "r--r--r--", null);
    live.put(root.resolve(path), bytes);
  }

  /** Makes an attribute that can be read and written, or changes what it says. */
  public void attribute(String path, String text, Store store) {
    put(path, text.getBytes(StandardCharsets.ISO_8859_1), "rw-r--r--", store);
  }

  /** Makes a file that can only be written. */
  public void command(String path, Store store) {
    put(path, new byte[0], "-w-------", store);
  }

  /** Makes a file that can only be mapped, not read or written (those answer EIO). */
  public void mappable(String path) {
    put(path, new byte[0], "rw-------", null);
    mappable.add(root.resolve(path));
  }

  private void put(String path, byte[] bytes, String mode, @Nullable Store store) {
    Path file = root.resolve(path);
    try {
      Path folder = file.getParent();
      if (folder != null) {
        make(folder);
      }
      var permissions = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(mode));
      try (var channel = Files.newByteChannel(file, EMPTIED, permissions)) {
        channel.write(ByteBuffer.wrap(bytes));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    if (store != null) {
      stores.put(file, store);
    }
  }

  /**
   * Makes a link, relative as sysfs makes them, or turns it to another target.
   *
   * @param target where it leads, below the root too
   */
  public void link(String path, String target) {
    Path link = root.resolve(path);
    Path folder = link.getParent();
    try {
      if (folder != null) {
        make(folder);
        Files.deleteIfExists(link);
        // By way of what the target is in, though the link may lie in the target itself.
        Path end = root.resolve(target);
        Path within = Objects.requireNonNull(end.getParent());
        Files.createSymbolicLink(link, folder.relativize(within).resolve(within.relativize(end)));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Takes a file, a link, or a directory with all that is in it away, when it is there. */
  public void remove(String path) {
    remove(root.resolve(path));
  }

  private void remove(Path path) {
    try {
      if (Files.isDirectory(path) && !Files.isSymbolicLink(path)) {
        List<Path> entries;
        try (var listed = Files.list(path)) {
          entries = listed.toList();
        }
        entries.forEach(this::remove);
      }
      Files.deleteIfExists(path);
      stores.remove(path);
      live.remove(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Opens a file.
   *
   * @param path absolute, as {@code /sys/bus/pci/drivers_probe}
   * @param flags {@code O_*}
   * @throws Refused ENOENT when there is none, EISDIR for a directory, EACCES for an access that
   *     the file does not have or the process not be given
   */
  public OpenFile open(String path, int flags) {
    Path real;
    try {
      real = files.getPath(path).toRealPath();
    } catch (NoSuchFileException e) {
      throw Refused.with(Errno.ENOENT);
    } catch (IOException e) {
      throw Refused.with(Errno.ENOTDIR);
    }
    if (Files.isDirectory(real)) {
      throw Refused.with(Errno.EISDIR);
    }
    int mode = flags & (libc_h.O_WRONLY() | libc_h.O_RDWR());
    Store store = stores.get(real);
    if (mappable.contains(real)) {
      if (!privileged) {
        throw Refused.with(Errno.EACCES);
      }
      return new OpenFile() {
        @Override
        public long read(MemorySegment buffer) {
          throw Refused.with(Errno.EIO);
        }

        @Override
        public long write(MemorySegment buffer) {
          throw Refused.with(Errno.EIO);
        }
      };
    }
    if (mode != libc_h.O_RDONLY() && (store == null || !privileged)) {
      throw Refused.with(Errno.EACCES);
    }
    if (mode != libc_h.O_WRONLY() && !readable(real)) {
      throw Refused.with(Errno.EACCES);
    }
    return new SysfsFile(real, live.get(real), store);
  }

  private static boolean readable(Path file) {
    try {
      return Files.getPosixFilePermissions(file).stream().anyMatch(p -> p.name().endsWith("READ"));
    } catch (IOException e) {
      throw Refused.with(Errno.ENOENT);
    }
  }

  /** Ends the tree: its paths lead nowhere any more. */
  @Override
  public void close() {
    try {
      files.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
