// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.selftest;

import static io.iommufd4j.bindings.selftest.selftest_h.MOCK_APERTURE_LAST;
import static io.iommufd4j.bindings.selftest.selftest_h.MOCK_APERTURE_START;
import static io.iommufd4j.bindings.selftest.selftest_h.MOCK_HUGE_PAGE_SIZE;
import static io.iommufd4j.bindings.selftest.selftest_h.MOCK_IOMMUPT_DEFAULT;
import static io.iommufd4j.bindings.selftest.selftest_h.MOCK_IOMMUPT_HUGE;
import static io.iommufd4j.bindings.selftest.selftest_h.MOCK_PAGE_SIZE;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommu.PageTable;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.UserMemory;

/** The formats of the mock's page tables ({@code mock_domain_alloc_pgtable}). */
final class MockPageTables {

  /** Three levels of 512 entries above pages of 2 KiB. */
  private static final int ADDRESS_BITS = 38;

  private MockPageTables() {}

  /**
   * An empty table.
   *
   * @param format {@code MOCK_IOMMUPT_*}
   * @throws Refused EOPNOTSUPP for an unknown format
   */
  static PageTable of(int format) {
    if (format == MOCK_IOMMUPT_DEFAULT()) {
      // AMD's format: every power of two but the size of half a whole table and more.
      long sizes = (1L << (ADDRESS_BITS - 1)) - MOCK_PAGE_SIZE();
      return new PageTable(MOCK_APERTURE_START(), MOCK_APERTURE_LAST(), sizes);
    }
    if (format == MOCK_IOMMUPT_HUGE()) {
      long sizes = MOCK_HUGE_PAGE_SIZE() | UserMemory.PAGE_SIZE;
      return new PageTable(0, (1L << ADDRESS_BITS) - 1, sizes);
    }
    throw Refused.with(Errno.EOPNOTSUPP);
  }
}
