// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.kernfs;

import java.nio.file.attribute.PosixFilePermission;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A file whose content is made when it is read: an attribute, or the node of a device. */
public final class KernfsFile extends Node {

  private final Access access;
  private final long device;
  private volatile @Nullable Supplier<byte[]> content;
  private volatile @Nullable Store store;

  KernfsFile(long inode, Access access, long device) {
    super(inode);
    this.access = access;
    this.device = device;
  }

  /** Sets what it shows and does from now on. */
  void change(@Nullable Supplier<byte[]> shown, @Nullable Store action) {
    content = shown;
    store = action;
  }

  @Override
  Set<PosixFilePermission> permissions() {
    return access.permissions();
  }

  /** Says who may do what with it. */
  public Access access() {
    return access;
  }

  /** The number of a device node, as {@code makedev(3)} makes it; 0 for others. */
  long device() {
    return device;
  }

  /** The bytes of this moment; null when it can't be read. */
  public byte @Nullable [] bytes() {
    Supplier<byte[]> shown = content;
    return shown == null ? null : shown.get();
  }

  /** The action of a write; null when it can't be written. */
  public @Nullable Store store() {
    return store;
  }
}
