// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.mm;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.ProcessFacts;
import io.iommufd4j.sim.lib.Refused;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The pages that a process and its user have pinned, counted against {@code RLIMIT_MEMLOCK}. The
 * user has no processes but this one and its children, so both counts start at 0; there are two
 * because Linux limits each by itself.
 *
 * <p>Kernel functions: {@code iopt_alloc_pages}, {@code incr_user_locked_vm}, {@code
 * __account_locked_vm}, {@code iopt_pages_update_pinned}.
 */
public final class Accounting {

  /** The count that pinned pages add to ({@code IOPT_PAGES_ACCOUNT_*}). */
  public enum Mode {
    /** Nothing: whoever mapped them had {@code CAP_IPC_LOCK}. */
    NONE,
    /** All that the user has pinned. */
    USER,
    /** All that the process has locked ({@code IOMMU_OPTION_RLIMIT_MODE} 1). */
    PROCESS
  }

  /**
   * The totals of all processes of a user: pages that count against the limit, and pinned pages.
   */
  private record User(AtomicLong counted, AtomicLong pinned) {}

  private long limitBytes;
  private volatile boolean unlimited;
  private final boolean privileged;
  private final User user;
  private long processPages;
  private long pinnedPages;

  /**
   * Accounts of a process that has nothing pinned.
   *
   * @param memlockLimit {@code RLIMIT_MEMLOCK} in bytes; {@link ProcessFacts#UNLIMITED} for none
   * @param privileged whether the process has every capability
   */
  public Accounting(long memlockLimit, boolean privileged) {
    this(memlockLimit, privileged, privileged);
  }

  /**
   * Accounts of a process that has nothing pinned.
   *
   * @param memlockLimit {@code RLIMIT_MEMLOCK} in bytes; {@link ProcessFacts#UNLIMITED} for none
   * @param privileged whether the process has the other capabilities that requests ask for
   * @param unlimited whether it has {@code CAP_IPC_LOCK}
   */
  public Accounting(long memlockLimit, boolean privileged, boolean unlimited) {
    this(memlockLimit, privileged, unlimited, new User(new AtomicLong(), new AtomicLong()));
  }

  private Accounting(long limitBytes, boolean privileged, boolean unlimited, User user) {
    this.limitBytes = limitBytes;
    this.privileged = privileged;
    this.unlimited = unlimited;
    this.user = user;
  }

  /** Accounts of a child: of the same user, under the same limits, with nothing pinned itself. */
  public synchronized Accounting forked() {
    return new Accounting(limitBytes, privileged, unlimited, user);
  }

  /**
   * {@code RLIMIT_MEMLOCK} and {@code CAP_IPC_LOCK} from now on.
   *
   * @param memlockLimit bytes; {@link ProcessFacts#UNLIMITED} for none
   * @param withoutLimit whether it has the capability
   */
  public synchronized void limit(long memlockLimit, boolean withoutLimit) {
    limitBytes = memlockLimit;
    unlimited = withoutLimit;
  }

  /** {@code RLIMIT_MEMLOCK} in bytes; {@link ProcessFacts#UNLIMITED} for none. */
  public synchronized long limitBytes() {
    return limitBytes;
  }

  /**
   * True if the process may change how its context is limited ({@code CAP_SYS_RESOURCE}, asked for
   * by {@code IOMMU_OPTION_RLIMIT_MODE}) and look at physical addresses ({@code CAP_SYS_RAWIO}).
   */
  public boolean privileged() {
    return privileged;
  }

  /**
   * The mode that pages mapped now are counted by, until they are unmapped.
   *
   * @param perProcess whether the context is in {@code IOMMU_OPTION_RLIMIT_MODE} 1
   */
  public Mode mode(boolean perProcess) {
    if (unlimited) {
      return Mode.NONE;
    }
    return perProcess ? Mode.PROCESS : Mode.USER;
  }

  /**
   * Counts pages that are being pinned.
   *
   * @throws Refused ENOMEM when they do not fit below the limit; nothing is counted then
   */
  public synchronized void charge(Mode mode, long pages) {
    switch (mode) {
      case NONE -> {}
      case USER -> user.counted.updateAndGet(counted -> within(counted, pages));
      case PROCESS -> processPages = within(processPages, pages);
    }
    pinnedPages += pages;
    user.pinned.addAndGet(pages);
  }

  /** Undoes {@link #charge}. */
  public synchronized void uncharge(Mode mode, long pages) {
    switch (mode) {
      case NONE -> {}
      case USER -> user.counted.addAndGet(-pages);
      case PROCESS -> processPages -= pages;
    }
    pinnedPages -= pages;
    user.pinned.addAndGet(-pages);
  }

  /** The number of pages that can still be pinned below the limit. */
  public synchronized long room(Mode mode) {
    return switch (mode) {
      case NONE -> Long.MAX_VALUE;
      case USER -> limitPages() - user.counted.get();
      case PROCESS -> limitPages() - processPages;
    };
  }

  /** Bytes pinned now, whatever they count against ({@code VmPin}). */
  public synchronized long pinnedBytes() {
    return pinnedPages * UserMemory.PAGE_SIZE;
  }

  /** Pages that all processes of the user have pinned now. */
  public long pinnedByUser() {
    return user.pinned.get();
  }

  /** Bytes that the process has locked, as far as this limits them ({@code VmLck}). */
  public synchronized long lockedBytes() {
    return processPages * UserMemory.PAGE_SIZE;
  }

  private long within(long counted, long pages) {
    if (pages > limitPages() - counted) {
      throw Refused.with(Errno.ENOMEM);
    }
    return counted + pages;
  }

  private long limitPages() {
    return limitBytes == ProcessFacts.UNLIMITED
        ? Long.MAX_VALUE
        : limitBytes / UserMemory.PAGE_SIZE;
  }
}
