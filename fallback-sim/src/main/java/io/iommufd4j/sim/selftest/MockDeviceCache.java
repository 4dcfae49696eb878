// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.selftest;

import static io.iommufd4j.bindings.selftest.selftest_h.IOMMU_TEST_DEV_CACHE_DEFAULT;
import static io.iommufd4j.bindings.selftest.selftest_h.MOCK_DEV_CACHE_ID_MAX;
import static io.iommufd4j.bindings.selftest.selftest_h.MOCK_DEV_CACHE_NUM;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicIntegerArray;

/** The cache of a mock device, whose entries a guest can invalidate ({@code mock_dev::cache}). */
final class MockDeviceCache {

  private final AtomicIntegerArray entries;

  /** A full one. */
  MockDeviceCache() {
    int[] full = new int[MOCK_DEV_CACHE_NUM()];
    Arrays.fill(full, IOMMU_TEST_DEV_CACHE_DEFAULT());
    entries = new AtomicIntegerArray(full);
  }

  /**
   * True if an entry exists and holds a value.
   *
   * @param entry unsigned
   */
  boolean holds(int entry, int value) {
    return Integer.compareUnsigned(entry, MOCK_DEV_CACHE_ID_MAX()) <= 0
        && entries.get(entry) == value;
  }

  /** Drops an entry that is there. */
  void clear(int entry) {
    entries.set(entry, 0);
  }

  /** Drops every entry. */
  void clear() {
    for (int entry = 0; entry < entries.length(); entry++) {
      clear(entry);
    }
  }
}
