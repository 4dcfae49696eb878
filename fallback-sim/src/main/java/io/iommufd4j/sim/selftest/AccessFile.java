// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.selftest;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.fs.OpenFile;
import io.iommufd4j.sim.iommufd.Access;
import io.iommufd4j.sim.iommufd.AccessUser;
import io.iommufd4j.sim.iommufd.command.Command;
import io.iommufd4j.sim.lib.Mutex;
import io.iommufd4j.sim.lib.Refused;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.IntConsumer;

/**
 * An access to an IOAS that lives as long as its descriptor, and what it has pinned ({@code struct
 * selftest_access}).
 */
final class AccessFile implements OpenFile, AccessUser {

  /** A range that is pinned. */
  private record Item(long iova, long length) {
    boolean meets(long first, long last) {
      return Long.compareUnsigned(first, iova + length - 1) <= 0
          && Long.compareUnsigned(last, iova) >= 0;
    }
  }

  private final boolean pinsPages;
  private final Access access;
  private final Mutex lock = new Mutex();
  private final Map<Integer, Item> items = new LinkedHashMap<>();
  private int nextId;

  /**
   * An access that is not attached yet.
   *
   * @param pinsPages whether it pins pages, or only copies bytes
   */
  AccessFile(Command command, boolean pinsPages) {
    this.pinsPages = pinsPages;
    this.access = Access.create(command.context(), this);
  }

  /**
   * {@code iommufd_access_get}: holds the access of a descriptor until {@code OpenFiles.drop}.
   *
   * @throws Refused EBADFD when the descriptor is closed or something else's
   */
  static AccessFile hold(Command command, int fd) {
    OpenFile file;
    try {
      file = command.context().files().hold(fd);
    } catch (Refused closed) {
      throw Refused.with(Errno.EBADFD);
    }
    if (file instanceof AccessFile access) {
      return access;
    }
    command.context().files().drop(file);
    throw Refused.with(Errno.EBADFD);
  }

  /** The access itself. */
  Access access() {
    return access;
  }

  @Override
  public boolean pinsPages() {
    return pinsPages;
  }

  /**
   * Pins a range and keeps it under a number; a refusal of either callback unpins it.
   *
   * @param check looks at the physical address of each page
   * @param answer tells the number, which is used up in any case
   * @throws Refused as {@link Access#pinPages}, and as the callbacks
   */
  void pin(long iova, long length, boolean write, Consumer<long[]> check, IntConsumer answer) {
    try (var _ = lock.guard()) {
      long[] physical = access.pinPages(iova, length, write);
      int id;
      try {
        check.accept(physical);
        id = nextId++;
        answer.accept(id);
      } catch (Refused refused) {
        access.unpinPages(iova, length);
        throw refused;
      }
      items.put(id, new Item(iova, length));
    }
  }

  /**
   * Unpins a range by its number.
   *
   * @throws Refused ENOENT when there is none
   */
  void unpin(int id) {
    try (var _ = lock.guard()) {
      Item item = items.remove(id);
      if (item == null) {
        throw Refused.with(Errno.ENOENT);
      }
      access.unpinPages(item.iova, item.length);
    }
  }

  /** {@code iommufd_test_access_unmap}: every range that meets the one that goes is unpinned. */
  @Override
  public void unmap(long iova, long length) {
    long last = iova + length - 1;
    try (var _ = lock.guard()) {
      for (Iterator<Item> each = items.values().iterator(); each.hasNext(); ) {
        Item item = each.next();
        if (item.meets(iova, last)) {
          each.remove();
          access.unpinPages(item.iova, item.length);
        }
      }
    }
  }

  @Override
  public void release() {
    unmap(0, -1);
    access.end();
  }
}
