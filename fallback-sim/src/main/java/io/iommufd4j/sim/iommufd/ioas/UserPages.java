// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd.ioas;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Behavior;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.UserMemory;
import java.lang.foreign.MemorySegment;

/** Pages of the calling process ({@code IOPT_ADDRESS_USER}). */
final class UserPages extends Pages {

  private final long start;

  private UserPages(PagesOwner owner, long start, boolean writable) {
    super(owner, writable);
    this.start = start;
  }

  /**
   * {@code iopt_alloc_user_pages}.
   *
   * @param address user address in bytes, not necessarily of a page
   * @throws Refused EOVERFLOW when the range wraps, EINVAL when it is empty or nearly everything,
   *     ENOMEM
   */
  static UserPages of(PagesOwner owner, long address, long length, boolean writable) {
    long start = address & -UserMemory.PAGE_SIZE;
    if (!owner.release().has(Behavior.WRAP_BEFORE_LENGTH)) {
      requireLength(length);
    }
    if (Iova.below(address + length, address)) {
      throw Refused.with(Errno.EOVERFLOW);
    }
    requireLength(length);
    owner.faults().alloc();
    return new UserPages(owner, start, writable);
  }

  @Override
  long start() {
    return start;
  }

  @Override
  long pin(long first, long count) {
    return pin(first, count, writable());
  }

  private long pin(long first, long count, boolean write) {
    return memory().pin(start + first * UserMemory.PAGE_SIZE, count, write);
  }

  @Override
  void unpin(long physical, long count) {
    memory().unpin(physical, count);
  }

  @Override
  void copy(long startByte, MemorySegment data, boolean write, boolean slow) {
    requireAccess(write);
    if (!slow) {
      copyAsProcess(startByte, data, write);
      return;
    }
    long page = Long.divideUnsigned(startByte, UserMemory.PAGE_SIZE);
    long last = Long.divideUnsigned(startByte + data.byteSize() - 1, UserMemory.PAGE_SIZE);
    if (page == last && memory().alive()) {
      copyPage(page, startByte, data, write);
    } else {
      copyPinned(startByte, data, write);
    }
  }

  /** {@code iopt_pages_rw_fast}: as the process itself would. */
  private void copyAsProcess(long startByte, MemorySegment data, boolean write) {
    if (write) {
      memory().copyOut(start + startByte, data);
    } else {
      memory().copyIn(start + startByte, data);
    }
  }

  /** {@code iopt_pages_rw_page}: pins afresh, whatever is pinned already. */
  private void copyPage(long page, long startByte, MemorySegment data, boolean write) {
    faults().inject(Errno.EINVAL);
    long physical = pin(page, 1, write);
    try {
      transfer(physical + startByte % UserMemory.PAGE_SIZE, data, write);
    } finally {
      unpin(physical, 1);
    }
  }
}
