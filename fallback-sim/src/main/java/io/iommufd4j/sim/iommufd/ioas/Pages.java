// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd.ioas;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.fs.DmaBuf;
import io.iommufd4j.sim.fs.OpenFiles;
import io.iommufd4j.sim.iommu.PagingDomain;
import io.iommufd4j.sim.lib.Behavior;
import io.iommufd4j.sim.lib.FaultPlan;
import io.iommufd4j.sim.lib.Mutex;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.Accounting;
import io.iommufd4j.sim.mm.UserMemory;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A linear piece of user memory or of a file that areas of one or several IOASes share ({@code
 * struct iopt_pages}): pinned while a domain holds any of them, once, and paid for once.
 */
final class Pages {

  /** Innermost of all locks. */
  final Mutex lock;

  /** The pinned pages; guarded by {@link #lock}. */
  final PinnedPages pins;

  /** {@code MAX_NPFNS}. */
  private static final long MOST_BUFFER_PAGES = (1L << 32) - 1;

  private final FaultPlan faults;
  private final PageSource source;
  private final long count;
  private final boolean writable;
  private final UserMemory memory;
  private final Accounting.Mode mode;
  private final @Nullable Revocation revocation;
  private final AtomicInteger references = new AtomicInteger(1);

  /** The accounts that the pages are charged to; guarded by {@link #lock}. */
  private Accounting payer;

  private long paid;

  private Pages(PagesOwner owner, PageSource source, long count, boolean writable) {
    this(owner, source, count, writable, new Mutex(), null);
  }

  private Pages(
      PagesOwner owner,
      PageSource source,
      long count,
      boolean writable,
      Mutex lock,
      @Nullable Revocation revocation) {
    this.faults = owner.faults();
    this.source = source;
    this.pins = new PinnedPages(source, faults);
    this.count = count;
    this.writable = writable;
    this.memory = owner.memory();
    this.payer = owner.payer();
    this.mode = revocation == null ? owner.mode() : Accounting.Mode.NONE;
    this.lock = lock;
    this.revocation = revocation;
  }

  /**
   * {@code iopt_alloc_user_pages}.
   *
   * @param address user address in bytes, not necessarily of a page
   * @throws Refused EOVERFLOW when the range wraps, EINVAL when it is empty or nearly everything,
   *     ENOMEM
   */
  static Pages ofUser(PagesOwner owner, long address, long length, boolean writable) {
    long start = address & -UserMemory.PAGE_SIZE;
    if (!owner.release().has(Behavior.WRAP_BEFORE_LENGTH)) {
      count(address - start, length);
    }
    if (Iova.below(address + length, address)) {
      throw Refused.with(Errno.EOVERFLOW);
    }
    long count = count(address - start, length);
    owner.faults().alloc();
    var source = new PageSource.User(owner.memory(), start, writable);
    return new Pages(owner, source, count, writable);
  }

  /**
   * {@code iopt_alloc_file_pages}, with the checks that {@code iopt_map_file_pages} makes before.
   *
   * @param start offset in bytes, not necessarily of a page
   * @throws Refused EINVAL when the range is empty or nearly everything, EOVERFLOW when it wraps,
   *     EBADF for a closed descriptor; of a device's buffer EINVAL past its end, ENODEV when it was
   *     taken back; ENOMEM
   */
  static Pages ofFile(
      PagesOwner owner, OpenFiles files, int fd, long start, long length, boolean writable) {
    if (length == 0) {
      throw Refused.with(Errno.EINVAL);
    }
    Iova.last(start, length);
    long down = start & -UserMemory.PAGE_SIZE;
    var file = files.hold(fd);
    try {
      if (file instanceof DmaBuf buffer) {
        return ofBuffer(owner, files, buffer, start, length, writable);
      }
      long count = count(start - down, length);
      owner.faults().alloc();
      var source = new PageSource.File(files, file, down);
      return new Pages(owner, source, count, writable);
    } catch (Refused refused) {
      files.drop(file);
      throw refused;
    }
  }

  /** {@code iopt_alloc_dmabuf_pages}: the reference to the buffer is the caller's to give back. */
  private static Pages ofBuffer(
      PagesOwner owner, OpenFiles files, DmaBuf buffer, long start, long length, boolean writable) {
    if (!Iova.below(start + length - 1, buffer.size())
        || !Iova.below(Long.divideUnsigned(length, UserMemory.PAGE_SIZE), MOST_BUFFER_PAGES)) {
      throw Refused.with(Errno.EINVAL);
    }
    long down = start & -UserMemory.PAGE_SIZE;
    long count = count(start - down, length);
    var lock = new Mutex();
    var revocation = new Revocation(lock);
    long base = buffer.attach(revocation);
    var source = new PageSource.Buffer(files, buffer, down, base, revocation);
    return new Pages(owner, source, count, writable, lock, revocation);
  }

  private static long count(long startByte, long length) {
    if (length == 0 || Iova.above(length, Iova.MAX - UserMemory.PAGE_SIZE)) {
      throw Refused.with(Errno.EINVAL);
    }
    return Long.divideUnsigned(startByte + length + UserMemory.PAGE_SIZE - 1, UserMemory.PAGE_SIZE);
  }

  /** The position where its first page starts: a user address, or an offset in a file. */
  long start() {
    return source.start();
  }

  /** The number of pages. */
  long count() {
    return count;
  }

  /** True if DMA may be allowed to write. */
  boolean writable() {
    return writable;
  }

  /** True if the pages are a file's. */
  boolean ofFile() {
    return source instanceof PageSource.File;
  }

  /**
   * Requires that a kernel's own access can use the pages.
   *
   * @throws Refused EPERM to write what cannot be written, EINVAL for a device's buffer
   */
  void requireAccess(boolean write) {
    if (write && !writable) {
      throw Refused.with(Errno.EPERM);
    }
    if (revocable()) {
      throw Refused.with(Errno.EINVAL);
    }
  }

  /** True if another process than the one with this memory mapped it. */
  boolean ofOther(UserMemory caller) {
    return memory != caller;
  }

  /** True if it is a device's buffer, which may be taken back. */
  boolean revocable() {
    return revocation != null;
  }

  /** True if it was taken back: no domain maps it any more, and none will. */
  boolean revoked() {
    return revocation != null && revocation.revoked();
  }

  /** A domain maps an area of it from now on. */
  void track(Area area, PagingDomain domain) {
    if (revocation != null) {
      revocation.track(area, domain);
    }
  }

  /** Undoes {@link #track}. */
  void untrack(Area area, PagingDomain domain) {
    if (revocation != null) {
      revocation.untrack(area, domain);
    }
  }

  /**
   * Pins and pays for pages; {@link #lock} is held.
   *
   * @throws Refused when a page cannot be pinned, ENOMEM over the limit; nothing has changed then
   */
  void pinAndCharge(long first, long last) {
    long added = pins.cover(first, last);
    try {
      charge(added);
    } catch (Refused refused) {
      pins.uncover(first, last);
      throw refused;
    }
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
    long first = Long.divideUnsigned(startByte, UserMemory.PAGE_SIZE);
    long last = Long.divideUnsigned(startByte + data.byteSize() - 1, UserMemory.PAGE_SIZE);
    if (source instanceof PageSource.User user && !slow) {
      user.copy(startByte, data, write);
    } else if (source instanceof PageSource.User user && first == last && memory.alive()) {
      copyPage(user, first, startByte, data, write);
    } else {
      copyPinned(first, last, startByte, data, write);
    }
  }

  /** {@code iopt_pages_rw_page}: pins afresh, whatever is pinned already. */
  private void copyPage(
      PageSource.User user, long page, long startByte, MemorySegment data, boolean write) {
    faults.inject(Errno.EINVAL);
    PageSource once = new PageSource.User(user.memory(), user.start(), write);
    long physical = once.pin(page, 1);
    try {
      transfer(physical + startByte % UserMemory.PAGE_SIZE, data, write);
    } finally {
      once.unpin(physical, 1);
    }
  }

  /** {@code iopt_pages_rw_slow}: what is pinned is reached where it is. */
  private void copyPinned(
      long first, long last, long startByte, MemorySegment data, boolean write) {
    try (var _ = lock.guard()) {
      pins.cover(first, last);
      try {
        long done = 0;
        while (done < data.byteSize()) {
          long at = startByte + done;
          long page = Long.divideUnsigned(at, UserMemory.PAGE_SIZE);
          long offset = at % UserMemory.PAGE_SIZE;
          long bytes = Math.min(UserMemory.PAGE_SIZE - offset, data.byteSize() - done);
          transfer(pins.physical(page) + offset, data.asSlice(done, bytes), write);
          done += bytes;
        }
      } finally {
        pins.uncover(first, last);
      }
    }
  }

  private void transfer(long physical, MemorySegment data, boolean write) {
    boolean moved =
        write ? memory.writePhysical(physical, data) : memory.readPhysical(physical, data);
    if (!moved) {
      throw Refused.with(Errno.EFAULT);
    }
  }

  /**
   * Pays for pages just pinned; a device's buffer is not pinned.
   *
   * @throws Refused ENOMEM over the limit
   */
  void charge(long pages) {
    if (pages > 0 && revocation == null) {
      faults.inject(Errno.ENOMEM);
      payer.charge(mode, pages);
      paid += pages;
    }
  }

  /**
   * An access is about to keep pages, beside those that domains keep.
   *
   * @throws Refused ENOMEM, or EINVAL where Linux lets its list of them fail
   */
  void chargeAccess() {
    faults.alloc();
    faults.inject(Errno.EINVAL);
  }

  /** A level of a domain's page table is about to be made, for all that is known of it here. */
  void chargeTable() {
    faults.page();
  }

  /** The machine's address of a byte of a pinned page, wherever else the page is pinned. */
  long machineAddress(long physical) {
    return memory.machineAddress(physical);
  }

  void uncharge(long pages) {
    if (pages > 0 && revocation == null) {
      payer.uncharge(mode, pages);
      paid -= pages;
    }
  }

  /** The count that its pinned pages add to. */
  Accounting.Mode mode() {
    return mode;
  }

  /** The number of pages to charge to other accounts when they take over; {@link #lock} is held. */
  long dueFrom(Accounting next) {
    return mode == Accounting.Mode.NONE || payer == next ? 0 : paid;
  }

  /** Somebody else pays, and has been charged already; {@link #lock} is held. */
  void changePayer(Accounting next) {
    payer.uncharge(mode, dueFrom(next));
    payer = next;
  }

  void get() {
    references.incrementAndGet();
  }

  void put() {
    if (references.decrementAndGet() == 0) {
      source.release();
    }
  }
}
