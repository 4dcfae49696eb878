// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.selftest;

import io.iommufd4j.bindings.selftest.iommu_test_cmd;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommu.IommuDomain;
import io.iommufd4j.sim.iommufd.Ioas;
import io.iommufd4j.sim.iommufd.command.Command;
import io.iommufd4j.sim.lib.Behavior;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.UserMemory;
import java.lang.foreign.MemorySegment;

/**
 * Operations on mapped IOVAs and pinned pages: {@code IOMMU_TEST_OP_ADD_RESERVED}, {@code
 * MD_CHECK_MAP} and {@code MD_CHECK_REFS}.
 */
final class MapOperations {

  private static final int PAGE_SIZE = UserMemory.PAGE_SIZE;

  /** {@code MOCK_IO_PAGE_SIZE}, in bytes. */
  private static final int SMALL_PAGE = PAGE_SIZE / 2;

  private MapOperations() {}

  /**
   * {@code ADD_RESERVED}: takes IOVAs out of an IOAS for good. EINVAL for no bytes, EOVERFLOW past
   * the end, ENOENT, EADDRINUSE when one is mapped or allowed.
   */
  static void addReserved(Command command) {
    MemorySegment operation = iommu_test_cmd.add_reserved(command.block());
    long start = iommu_test_cmd.add_reserved.start(operation);
    long length = iommu_test_cmd.add_reserved.length(operation);
    if (length == 0) {
      throw Refused.with(Errno.EINVAL);
    }
    long last = start + length - 1;
    if (Long.compareUnsigned(last, start) < 0) {
      throw Refused.with(Errno.EOVERFLOW);
    }
    Ioas ioas = command.objects().get(iommu_test_cmd.id(command.block()), Ioas.class);
    try {
      ioas.reserve(start, last);
    } finally {
      command.objects().put(ioas);
    }
  }

  /**
   * {@code MD_CHECK_MAP}: whether a mock HWPT translates a range to the pages of user memory.
   * ENOENT for an unknown HWPT, EINVAL for another driver's, for what is not made of the HWPT's
   * pages and for a page that is not the one; EFAULT where user memory has none. Linux 6.12 looks
   * at the range before it looks for the HWPT.
   */
  static void checkMap(Command command) {
    MemorySegment operation = iommu_test_cmd.check_map(command.block());
    long iova = iommu_test_cmd.check_map.iova(operation);
    long length = iommu_test_cmd.check_map.length(operation);
    long address = iommu_test_cmd.check_map.uptr(operation);
    if (!command.context().release().has(Behavior.LOOKS_FOR_MOCK_HWPT_FIRST)) {
      requirePages(iova, length, address, SMALL_PAGE);
    }
    MockHwpt.with(
        command,
        domain -> {
          long page = domain.table().smallestPage();
          requirePages(iova, length, address, page);
          for (long at = 0; at != length; at += page) {
            requireSame(command.context().memory(), domain, iova + at, address + at);
          }
        });
  }

  private static void requirePages(long iova, long length, long address, long page) {
    if (((iova | length | address) & (page - 1)) != 0 || wraps(address, length)) {
      throw Refused.with(Errno.EINVAL);
    }
  }

  private static void requireSame(
      UserMemory memory, MockPagingDomain domain, long iova, long address) {
    long physical = domain.table().physical(iova);
    // Without a translation the mock finds page 0, which is nobody's.
    boolean same = memory.samePage(address, physical == IommuDomain.FAULT ? 0 : physical);
    if (!same || ((physical ^ address) & (PAGE_SIZE - 1)) != 0) {
      throw Refused.with(Errno.EINVAL);
    }
  }

  /**
   * {@code MD_CHECK_REFS}: whether each page of user memory is pinned so often. EINVAL for what is
   * not made of pages, EFAULT where there is none, EIO for one that is pinned otherwise.
   */
  static void checkRefs(Command command) {
    MemorySegment operation = iommu_test_cmd.check_refs(command.block());
    long length = iommu_test_cmd.check_refs.length(operation);
    long address = iommu_test_cmd.check_refs.uptr(operation);
    int expected = iommu_test_cmd.check_refs.refs(operation);
    if (((length | address) & (PAGE_SIZE - 1)) != 0 || wraps(address, length)) {
      throw Refused.with(Errno.EINVAL);
    }
    for (long at = 0; at != length; at += PAGE_SIZE) {
      int pins = command.context().memory().pins(address + at);
      if (pins != UserMemory.UNCOUNTED && pins != expected) {
        throw Refused.with(Errno.EIO);
      }
    }
  }

  private static boolean wraps(long address, long length) {
    return Long.compareUnsigned(address + length, address) < 0;
  }
}
