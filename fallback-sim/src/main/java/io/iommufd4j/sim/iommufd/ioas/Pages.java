// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd.ioas;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommu.PagingDomain;
import io.iommufd4j.sim.lib.FaultPlan;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.Accounting;
import io.iommufd4j.sim.mm.UserMemory;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * A linear piece of user memory or of a file that areas of one or several IOASes share ({@code
 * struct iopt_pages}): pinned while a domain holds any of them, once, and paid for once.
 */
abstract sealed class Pages permits UserPages, FilePages, BufferPages {

  private static final VarHandle REFERENCES;

  static {
    try {
      REFERENCES = MethodHandles.lookup().findVarHandle(Pages.class, "references", int.class);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("no field of that name", e);
    }
  }

  private final PagesOwner owner;

  /** Made when somebody first needs the pages; most that are only mapped never do. */
  private volatile @Nullable PinnedPages pinned;

  /** Changed by {@link #REFERENCES} alone. */
  @SuppressWarnings("UnusedVariable")
  private volatile int references = 1;

  private final boolean writable;

  Pages(PagesOwner owner, boolean writable) {
    this.owner = owner;
    this.writable = writable;
  }

  /** The position where its first page starts: a user address, or an offset in a file. */
  abstract long start();

  /**
   * Pins pages.
   *
   * @param first index of the first one
   * @return the physical address of the first; the others follow without a gap
   * @throws Refused EFAULT or EINVAL when a page is not there; none is pinned then
   */
  abstract long pin(long first, long count);

  /**
   * Undoes a {@link #pin}, all of it or a part.
   *
   * @param physical address of the first page
   */
  abstract void unpin(long physical, long count);

  /** Nobody needs the pages any more. */
  void release() {}

  /** True if DMA may be allowed to write. */
  final boolean writable() {
    return writable;
  }

  /** True if it is a device's buffer, which may be taken back. */
  boolean revocable() {
    return false;
  }

  /** True if it was taken back: no domain maps it any more, and none will. */
  boolean revoked() {
    return false;
  }

  /** A domain maps some of it from now on. */
  void track(long iova, long length, PagingDomain domain) {}

  /** Undoes {@link #track}. */
  void untrack(long iova, long length, PagingDomain domain) {}

  /** The count that its pinned pages add to. */
  Accounting.Mode mode() {
    return owner.mode();
  }

  /** The pinned ones, with the lock for all that concerns them. */
  final PinnedPages pinned() {
    PinnedPages made = pinned;
    return made == null ? makePinned() : made;
  }

  private synchronized PinnedPages makePinned() {
    PinnedPages made = pinned;
    if (made == null) {
      made = new PinnedPages(this, owner);
      pinned = made;
    }
    return made;
  }

  /** True if pages were ever pinned. */
  final boolean pinnedOnce() {
    return pinned != null;
  }

  /** True if an access has pages of an area pinned. */
  final boolean accessed(Object area) {
    PinnedPages made = pinned;
    return made != null && made.accesses.any(area);
  }

  /** True if iommufd itself has pages of an area pinned, so that it cannot be unmapped. */
  final boolean lockedBy(Object area) {
    PinnedPages made = pinned;
    return made != null && made.accesses.anyInternal(area);
  }

  /**
   * Requires that a kernel's own access can use the pages.
   *
   * @throws Refused EPERM to write what cannot be written, EINVAL for a device's buffer
   */
  final void requireAccess(boolean write) {
    if (write && !writable) {
      throw Refused.with(Errno.EPERM);
    }
    if (revocable()) {
      throw Refused.with(Errno.EINVAL);
    }
  }

  /** True if another process than the one with this memory mapped it. */
  final boolean ofOther(UserMemory caller) {
    return owner.memory() != caller;
  }

  /**
   * {@code iopt_pages_rw_access}: copies between the pages and the kernel.
   *
   * @param startByte where in the pages
   * @param write into the pages, or out of them
   * @param slow whether to pin what is a process' own, as has to be done for another than it
   * @throws Refused EPERM to write what cannot be written, EFAULT or EINVAL when a page is not
   *     there
   */
  void copy(long startByte, MemorySegment data, boolean write, boolean slow) {
    requireAccess(write);
    copyPinned(startByte, data, write);
  }

  /** {@code iopt_pages_rw_slow}: what is pinned is reached where it is. */
  final void copyPinned(long startByte, MemorySegment data, boolean write) {
    long first = Long.divideUnsigned(startByte, UserMemory.PAGE_SIZE);
    long last = Long.divideUnsigned(startByte + data.byteSize() - 1, UserMemory.PAGE_SIZE);
    PinnedPages all = pinned();
    try (var _ = all.lock.guard()) {
      all.cover(first, last);
      try {
        long done = 0;
        while (done < data.byteSize()) {
          long at = startByte + done;
          long page = Long.divideUnsigned(at, UserMemory.PAGE_SIZE);
          long offset = at % UserMemory.PAGE_SIZE;
          long bytes = Math.min(UserMemory.PAGE_SIZE - offset, data.byteSize() - done);
          transfer(all.physical(page) + offset, data.asSlice(done, bytes), write);
          done += bytes;
        }
      } finally {
        all.uncover(first, last);
      }
    }
  }

  /** Copies between pinned memory and the kernel. */
  final void transfer(long physical, MemorySegment data, boolean write) {
    UserMemory memory = owner.memory();
    boolean moved =
        write ? memory.writePhysical(physical, data) : memory.readPhysical(physical, data);
    if (!moved) {
      throw Refused.with(Errno.EFAULT);
    }
  }

  /**
   * An access is about to keep pages, beside those that domains keep.
   *
   * @throws Refused ENOMEM, or EINVAL where Linux lets its list of them fail
   */
  final void chargeAccess() {
    faults().alloc();
    faults().inject(Errno.EINVAL);
  }

  /** A level of a domain's page table is about to be made, for all that is known of it here. */
  final void chargeTable() {
    faults().page();
  }

  /** The machine's address of a byte of a pinned page, wherever else the page is pinned. */
  final long machineAddress(long physical) {
    return owner.memory().machineAddress(physical);
  }

  final FaultPlan faults() {
    return owner.faults();
  }

  final UserMemory memory() {
    return owner.memory();
  }

  /** One more area or slice refers to it. */
  final void get() {
    int _ = (int) REFERENCES.getAndAdd(this, 1);
  }

  /** Undoes {@link #get}; the last one releases it. */
  final void put() {
    if ((int) REFERENCES.getAndAdd(this, -1) == 1) {
      release();
    }
  }

  /**
   * Requires that a number of bytes can be counted in pages.
   *
   * @throws Refused EINVAL for none, and for nearly everything
   */
  static void requireLength(long length) {
    if (length == 0 || Iova.above(length, Iova.MAX - UserMemory.PAGE_SIZE)) {
      throw Refused.with(Errno.EINVAL);
    }
  }
}
