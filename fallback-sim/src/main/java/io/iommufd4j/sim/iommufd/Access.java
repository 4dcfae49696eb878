// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommufd.ioas.AccessListener;
import io.iommufd4j.sim.iommufd.ioas.AccessPages;
import io.iommufd4j.sim.iommufd.ioas.Iova;
import io.iommufd4j.sim.lib.Mutex;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.UserMemory;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A kernel's own way into an IOAS, beside DMA: pages pinned for it, and bytes copied ({@code struct
 * iommufd_access}). Made and unmade by a driver, never by {@code IOMMU_DESTROY}.
 */
public final class Access extends IommufdObject implements AccessListener {

  private final ObjectContext context;
  private final @Nullable AccessUser user;
  private final Mutex lock = new Mutex();

  /** The IOAS that it works on; null while it is being moved, so that nobody pins meanwhile. */
  private @Nullable Ioas ioas;

  /** The IOAS in which unpinning still works. */
  private @Nullable Ioas unpinFrom;

  private Access(ObjectContext context, @Nullable AccessUser user) {
    this.context = context;
    this.user = user;
  }

  /** {@code iommufd_access_create}: an access without an IOAS. The context lives on with it. */
  public static Access create(ObjectContext context, AccessUser user) {
    Access access = reserve(context, user);
    context.get();
    context.objects().publish(access);
    return access;
  }

  /**
   * {@code iommufd_access_create_internal}: one of iommufd itself, which nobody asks to let go:
   * what it pins cannot be unmapped.
   */
  public static Access internal(ObjectContext context) {
    Access access = reserve(context, null);
    context.objects().publish(access);
    return access;
  }

  private static Access reserve(ObjectContext context, @Nullable AccessUser user) {
    Access access = context.objects().reserve(() -> new Access(context, user));
    context.objects().addUsers(access, 1);
    return access;
  }

  /** {@code iommufd_access_destroy}: the last thing done with it; everything is unpinned by now. */
  public void end() {
    context.objects().destroyOwn(this);
  }

  @Override
  protected void destroy() {
    try (var _ = lock.guard()) {
      if (ioas != null) {
        change(null);
      }
    }
    if (user != null) {
      context.put();
    }
  }

  @Override
  public long alignment() {
    return user == null || user.pinsPages() ? UserMemory.PAGE_SIZE : 1;
  }

  /**
   * {@code iommufd_access_attach}.
   *
   * @throws Refused ENOENT for an unknown IOAS, EADDRINUSE when what it maps is not aligned to
   *     pages and the access needs that
   */
  public void attach(int ioasId) {
    try (var _ = lock.guard()) {
      change(ioasId);
    }
  }

  /**
   * {@code iommufd_access_attach_internal}.
   *
   * @throws Refused as {@link #attach(int)}
   */
  public void attach(Ioas to) {
    try (var _ = lock.guard()) {
      change(to);
    }
  }

  /**
   * {@code iommufd_access_replace}: on to another IOAS; what was pinned in the old one is unpinned
   * by its user.
   *
   * @throws Refused ENOENT when it has none or there is no such IOAS, EBUSY while somebody else
   *     moves it, else as {@link #attach(int)}; nothing has changed then
   */
  public void replace(int ioasId) {
    try (var _ = lock.guard()) {
      if (ioas == null) {
        throw Refused.with(Errno.ENOENT);
      }
      change(ioasId);
    }
  }

  /** {@code iommufd_access_detach}. */
  public void detach() {
    try (var _ = lock.guard()) {
      change(null);
    }
  }

  private void change(int ioasId) {
    Ioas to = context.objects().get(ioasId, Ioas.class);
    try {
      change(to);
    } finally {
      context.objects().put(to);
    }
  }

  /** {@code iommufd_access_change_ioas}. */
  private void change(@Nullable Ioas to) {
    Ioas from = ioas;
    if (from != unpinFrom) {
      throw Refused.with(Errno.EBUSY);
    }
    if (from == to) {
      return;
    }
    ioas = null;
    if (to != null) {
      try {
        to.table.addAccess(this);
      } catch (Refused refused) {
        ioas = from;
        throw refused;
      }
      context.objects().addUsers(to, 1);
    }
    if (from != null) {
      if (user != null) {
        lock.unlock();
        try {
          user.unmap(0, Iova.MAX);
        } finally {
          lock.lock();
        }
      }
      from.table.removeAccess(this);
      context.objects().removeUsers(from, 1);
    }
    ioas = to;
    unpinFrom = to;
  }

  @Override
  public void notifyUnmap(long iova, long length) {
    if (user == null || !context.objects().hold(this)) {
      return;
    }
    try {
      user.unmap(iova, length);
    } finally {
      context.objects().put(this);
    }
  }

  /**
   * {@code iommufd_access_pin_pages}: keeps the pages behind a range until {@link #unpinPages} with
   * the same range.
   *
   * @param length bytes
   * @return the physical address of each page, in order
   * @throws Refused EINVAL for no bytes, for a user that pins none, for a part of a page and where
   *     the range is on its way out; EOVERFLOW past the end; ENOENT without an IOAS and where
   *     nothing is mapped; EPERM for what may not be read or written; EFAULT or EINVAL when a page
   *     cannot be pinned, ENOMEM over the limit. Nothing is pinned then
   */
  public long[] pinPages(long iova, long length, boolean write) {
    if (alignment() != UserMemory.PAGE_SIZE || length == 0) {
      throw Refused.with(Errno.EINVAL);
    }
    long last = Iova.last(iova, length);
    try (var _ = lock.guard()) {
      return pages(attached()).pin(iova, last, write);
    }
  }

  /** {@code iommufd_access_unpin_pages}: undoes {@link #pinPages}, with the same range. */
  public void unpinPages(long iova, long length) {
    long last = Iova.last(iova, length);
    try (var _ = lock.guard()) {
      Ioas from = unpinFrom;
      if (from == null) {
        throw new IllegalStateException("pages of an access without an IOAS are unpinned already");
      }
      pages(from).unpin(iova, last);
    }
  }

  /**
   * {@code iommufd_access_rw}: copies bytes at any alignment. What was copied before a refusal
   * stays copied.
   *
   * @param data the kernel's bytes
   * @param write into the IOAS, or out of it
   * @param slow whether to reach the pages as a device does, even the calling process' own
   * @throws Refused EINVAL for no bytes and where the range is on its way out; EOVERFLOW past the
   *     end; ENOENT without an IOAS and where nothing is mapped; EPERM for what may not be read or
   *     written; EFAULT or EINVAL when a page is not there
   */
  public void copy(long iova, MemorySegment data, boolean write, boolean slow) {
    long length = data.byteSize();
    if (length == 0) {
      throw Refused.with(Errno.EINVAL);
    }
    long last = Iova.last(iova, length);
    try (var _ = lock.guard()) {
      pages(attached()).copy(iova, last, data, write, slow, context.memory());
    }
  }

  /**
   * The IOVA at an offset in the n-th mapping of its IOAS, for programs that guess ({@code
   * iommufd_test_syz_conv_iova}); 0 when there is none.
   */
  public long iovaInMapping(int nth, int offset) {
    try (var _ = lock.guard()) {
      return ioas == null ? 0 : ioas.table.iovaInMapping(nth, offset);
    }
  }

  private AccessPages pages(Ioas of) {
    return new AccessPages(of.table, user == null);
  }

  private Ioas attached() {
    Ioas now = ioas;
    if (now == null) {
      throw Refused.with(Errno.ENOENT);
    }
    return now;
  }
}
