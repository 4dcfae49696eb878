// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.selftest;

import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HWPT_ALLOC_PASID;
import static io.iommufd4j.bindings.selftest.selftest_h.IOMMU_HWPT_DATA_SELFTEST;
import static io.iommufd4j.bindings.selftest.selftest_h.IOMMU_HWPT_INVALIDATE_DATA_SELFTEST;
import static io.iommufd4j.bindings.selftest.selftest_h.IOMMU_TEST_INVALIDATE_FLAG_ALL;
import static io.iommufd4j.bindings.selftest.selftest_h.MOCK_NESTED_DOMAIN_IOTLB_ID_MAX;
import static io.iommufd4j.bindings.selftest.selftest_h.MOCK_NESTED_DOMAIN_IOTLB_NUM;

import io.iommufd4j.bindings.selftest.iommu_hwpt_invalidate_selftest;
import io.iommufd4j.bindings.selftest.iommu_hwpt_selftest;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommu.NestedDomain;
import io.iommufd4j.sim.iommu.UserData;
import io.iommufd4j.sim.iommu.UserDataArray;
import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.jspecify.annotations.Nullable;

/**
 * A guest's page table, of which there is nothing but what the mock IOMMU has cached of it ({@code
 * struct mock_iommu_domain_nested}).
 */
final class MockNestedDomain extends NestedDomain {

  private final @Nullable MockViommu viommu;
  private final AtomicIntegerArray iotlb;

  private MockNestedDomain(MockIommu iommu, @Nullable MockViommu viommu, int cached) {
    super(iommu);
    this.viommu = viommu;
    int[] entries = new int[MOCK_NESTED_DOMAIN_IOTLB_NUM()];
    Arrays.fill(entries, cached);
    this.iotlb = new AtomicIntegerArray(entries);
  }

  /**
   * {@code mock_domain_alloc_nested} and {@code mock_viommu_alloc_domain_nested}.
   *
   * @param viommu that it is made on, if any
   * @throws Refused EOPNOTSUPP for unknown flags or another type of data than {@code
   *     IOMMU_HWPT_DATA_SELFTEST}, else as {@link UserData#copyIn}
   */
  static MockNestedDomain alloc(
      MockIommu iommu, @Nullable MockViommu viommu, int flags, UserData data) {
    if ((flags & ~IOMMU_HWPT_ALLOC_PASID()) != 0 || data.type() != IOMMU_HWPT_DATA_SELFTEST()) {
      throw Refused.with(Errno.EOPNOTSUPP);
    }
    MemorySegment description =
        data.copyIn(
            IOMMU_HWPT_DATA_SELFTEST(),
            iommu_hwpt_selftest.sizeof(),
            iommu_hwpt_selftest.iotlb$offset() + Integer.BYTES);
    return new MockNestedDomain(iommu, viommu, iommu_hwpt_selftest.iotlb(description));
  }

  /** The vIOMMU that it was made on. */
  @Nullable MockViommu viommu() {
    return viommu;
  }

  /**
   * True if an entry exists and holds a value.
   *
   * @param entry unsigned
   */
  boolean caches(int entry, int value) {
    return Integer.compareUnsigned(entry, MOCK_NESTED_DOMAIN_IOTLB_ID_MAX()) <= 0
        && iotlb.get(entry) == value;
  }

  /**
   * {@inheritDoc}
   *
   * <p>{@code mock_domain_cache_invalidate_user}: EINVAL for another type of data than {@code
   * IOMMU_HWPT_INVALIDATE_DATA_SELFTEST}; entry by entry as {@link UserDataArray#entry}, EOPNOTSUPP
   * for unknown flags, EINVAL for an entry that is not there.
   */
  @Override
  public void invalidate(UserDataArray requests) {
    int type = IOMMU_HWPT_INVALIDATE_DATA_SELFTEST();
    if (requests.type() != type) {
      throw Refused.with(Errno.EINVAL);
    }
    long size = iommu_hwpt_invalidate_selftest.sizeof();
    long minimum = iommu_hwpt_invalidate_selftest.iotlb_id$offset() + Integer.BYTES;
    for (int i = 0; i < requests.entries(); i++) {
      invalidate(requests.entry(type, i, size, minimum));
      requests.handledOne();
    }
  }

  private void invalidate(MemorySegment request) {
    int flags = iommu_hwpt_invalidate_selftest.flags(request);
    int entry = iommu_hwpt_invalidate_selftest.iotlb_id(request);
    if ((flags & ~IOMMU_TEST_INVALIDATE_FLAG_ALL()) != 0) {
      throw Refused.with(Errno.EOPNOTSUPP);
    }
    if (Integer.compareUnsigned(entry, MOCK_NESTED_DOMAIN_IOTLB_ID_MAX()) > 0) {
      throw Refused.with(Errno.EINVAL);
    }
    if ((flags & IOMMU_TEST_INVALIDATE_FLAG_ALL()) == 0) {
      iotlb.set(entry, 0);
      return;
    }
    for (int each = 0; each < iotlb.length(); each++) {
      iotlb.set(each, 0);
    }
  }

  @Override
  protected boolean attachesPasids() {
    return true;
  }

  @Override
  public long translate(long iova, boolean write) {
    return FAULT;
  }
}
