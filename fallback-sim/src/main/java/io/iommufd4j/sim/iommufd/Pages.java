package io.iommufd4j.sim.iommufd;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.Accounting;
import io.iommufd4j.sim.mm.UserMemory;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A linear piece of user memory or of a file that areas of one or several IOASes share ({@code
 * struct iopt_pages}): pinned while a domain holds any of them, once, and paid for once.
 */
final class Pages {

  /** Innermost of all locks. */
  final ReentrantLock lock = new ReentrantLock();

  /** What is pinned; guarded by {@link #lock}. */
  final PinnedPages pins;

  private final PageSource source;
  private final long count;
  private final boolean writable;
  private final Accounting accounting;
  private final Accounting.Mode mode;
  private final AtomicInteger references = new AtomicInteger(1);

  private Pages(
      PageSource source, long count, boolean writable, Accounting accounting, boolean perProcess) {
    this.source = source;
    this.pins = new PinnedPages(source);
    this.count = count;
    this.writable = writable;
    this.accounting = accounting;
    this.mode = accounting.mode(perProcess);
  }

  /**
   * {@code iopt_alloc_user_pages}.
   *
   * @param address user address in bytes, not necessarily of a page
   * @throws Refused EOVERFLOW when the range wraps, EINVAL when it is empty or nearly everything
   */
  static Pages ofUser(IommufdContext context, long address, long length, boolean writable) {
    if (Iova.below(address + length, address)) {
      throw Refused.with(Errno.EOVERFLOW);
    }
    long start = address & -UserMemory.PAGE_SIZE;
    long count = count(address - start, length);
    var source = new PageSource.User(context.memory(), start, writable);
    return new Pages(source, count, writable, context.accounting(), context.limitedPerProcess());
  }

  /**
   * {@code iopt_alloc_file_pages}, with the checks that {@code iopt_map_file_pages} makes before.
   *
   * @param start offset in bytes, not necessarily of a page
   * @throws Refused EINVAL when the range is empty or nearly everything, EOVERFLOW when it wraps,
   *     EBADF for a closed descriptor
   */
  static Pages ofFile(IommufdContext context, int fd, long start, long length, boolean writable) {
    if (length == 0) {
      throw Refused.with(Errno.EINVAL);
    }
    Iova.last(start, length);
    long down = start & -UserMemory.PAGE_SIZE;
    var file = context.files().hold(fd);
    try {
      long count = count(start - down, length);
      var source = new PageSource.File(context.files(), file, down);
      return new Pages(source, count, writable, context.accounting(), context.limitedPerProcess());
    } catch (Refused refused) {
      context.files().drop(file);
      throw refused;
    }
  }

  private static long count(long startByte, long length) {
    if (length == 0 || Iova.above(length, Iova.MAX - UserMemory.PAGE_SIZE)) {
      throw Refused.with(Errno.EINVAL);
    }
    return Long.divideUnsigned(startByte + length + UserMemory.PAGE_SIZE - 1, UserMemory.PAGE_SIZE);
  }

  /** Where its first page starts: a user address, or an offset in a file. */
  long start() {
    return source.start();
  }

  /** How many pages. */
  long count() {
    return count;
  }

  /** Whether DMA may be allowed to write. */
  boolean writable() {
    return writable;
  }

  /** Whether it is a file's. */
  boolean ofFile() {
    return source instanceof PageSource.File;
  }

  void charge(long pages) {
    if (pages > 0) {
      accounting.charge(mode, pages);
    }
  }

  void uncharge(long pages) {
    if (pages > 0) {
      accounting.uncharge(mode, pages);
    }
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
