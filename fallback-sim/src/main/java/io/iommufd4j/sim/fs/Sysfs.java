// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.fs;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.kernfs.Access;
import io.iommufd4j.sim.kernfs.Kernfs;
import io.iommufd4j.sim.kernfs.KernfsFile;
import io.iommufd4j.sim.kernfs.Node;
import io.iommufd4j.sim.kernfs.Store;
import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * {@code /sys}: directories, attributes and links. Programs read it by path; what they write goes
 * through {@link #open}, so that the answer is an errno.
 *
 * <p>Paths given here are below the root and start without a slash, as {@code bus/pci/devices}.
 */
public final class Sysfs {

  private static final String ROOT = "/sys/";

  private final Kernfs tree;
  private final boolean privileged;

  /**
   * An empty {@code /sys}.
   *
   * @param tree where it is made
   * @param privileged whether who opens files is root: nobody else may write here
   */
  public Sysfs(Kernfs tree, boolean privileged) {
    this.tree = tree;
    this.privileged = privileged;
    tree.directory("/sys");
  }

  /** The root: {@code /sys} of a file system of its own. */
  public Path root() {
    return tree.path("/sys");
  }

  /** Makes a directory and those above it. */
  public void directory(String path) {
    tree.directory(ROOT + path);
  }

  /**
   * Makes a directory and those above it.
   *
   * @param content makes what is in it, when somebody looks; it waits for nobody
   */
  public void directory(String path, Runnable content) {
    tree.directory(ROOT + path, content);
  }

  /** Makes an attribute that can be read, or changes what it says. */
  public void attribute(String path, String text) {
    attribute(path, () -> text);
  }

  /** The same, of a text that is made at each read. */
  public void attribute(String path, Supplier<String> text) {
    tree.text(ROOT + path, text, null);
  }

  /** Makes an attribute of bytes that can be read. */
  public void binary(String path, Supplier<byte[]> bytes) {
    tree.file(ROOT + path, Access.READ, bytes, null);
  }

  /**
   * Makes an attribute that can be read and written, or changes what it says.
   *
   * @param text made at each read
   */
  public void attribute(String path, Supplier<String> text, Store store) {
    tree.text(ROOT + path, text, store);
  }

  /** Makes a file that can only be written. */
  public void command(String path, Store store) {
    tree.file(ROOT + path, Access.COMMAND, null, store);
  }

  /** Makes a file that can only be mapped, not read or written (those answer EIO). */
  public void mappable(String path) {
    tree.file(ROOT + path, Access.MAP, null, null);
  }

  /**
   * Makes a link, relative as sysfs makes them, or turns it to another target.
   *
   * @param target where it leads, below the root too
   */
  public void link(String path, String target) {
    tree.link(ROOT + path, relative(path, target));
  }

  /** By way of what the target is in, though the link may lie in the target itself. */
  private static String relative(String link, String target) {
    int within = target.lastIndexOf('/') + 1;
    int same = 0;
    for (int slash = link.indexOf('/');
        slash >= 0 && slash < within && link.regionMatches(same, target, same, slash + 1 - same);
        slash = link.indexOf('/', same)) {
      same = slash + 1;
    }
    var way = new StringBuilder();
    for (int slash = link.indexOf('/', same); slash >= 0; slash = link.indexOf('/', slash + 1)) {
      way.append("../");
    }
    return way.append(target, same, target.length()).toString();
  }

  /** Takes a file, a link, or a directory with all that is in it away, when it is there. */
  public void remove(String path) {
    tree.remove(ROOT + path);
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
    Node found = tree.find(path, true);
    if (found == null) {
      throw Refused.with(Errno.ENOENT);
    }
    if (!(found instanceof KernfsFile file)) {
      throw Refused.with(Errno.EISDIR);
    }
    int mode = flags & (libc_h.O_WRONLY() | libc_h.O_RDWR());
    @Nullable Store store = file.store();
    if (file.access() == Access.MAP) {
      return openMappable();
    }
    if (mode != libc_h.O_RDONLY() && (store == null || !privileged)) {
      throw Refused.with(Errno.EACCES);
    }
    if (mode != libc_h.O_WRONLY() && file.access() == Access.COMMAND) {
      throw Refused.with(Errno.EACCES);
    }
    return new SysfsFile(tree, file);
  }

  private OpenFile openMappable() {
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
}
