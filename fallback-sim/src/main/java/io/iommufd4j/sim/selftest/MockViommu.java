// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.selftest;

import static io.iommufd4j.bindings.selftest.selftest_h.IOMMU_HW_QUEUE_TYPE_SELFTEST;
import static io.iommufd4j.bindings.selftest.selftest_h.IOMMU_TEST_INVALIDATE_FLAG_ALL;
import static io.iommufd4j.bindings.selftest.selftest_h.IOMMU_VIOMMU_INVALIDATE_DATA_SELFTEST;
import static io.iommufd4j.bindings.selftest.selftest_h.MOCK_DEV_CACHE_ID_MAX;

import io.iommufd4j.bindings.selftest.iommu_viommu_invalidate_selftest;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommu.HwQueueCore;
import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.iommu.NestedDomain;
import io.iommufd4j.sim.iommu.UserData;
import io.iommufd4j.sim.iommu.UserDataArray;
import io.iommufd4j.sim.iommu.ViommuCore;
import io.iommufd4j.sim.iommu.ViommuOps;
import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** The mock driver's part of a vIOMMU ({@code struct mock_viommu}, {@code mock_viommu_ops}). */
final class MockViommu implements ViommuOps {

  private final MockIommu iommu;
  private final ViommuCore core;
  private final MockHwQueues queues = new MockHwQueues();
  private final @Nullable MockViommuPage page;

  /**
   * {@code mock_viommu_init}.
   *
   * @param data null for a vIOMMU without a page to be mapped
   * @throws Refused as {@link UserData#copyIn} and {@link UserData#copyOut}
   */
  MockViommu(MockIommu iommu, ViommuCore core, @Nullable UserData data) {
    this.iommu = iommu;
    this.core = core;
    this.page = data == null ? null : new MockViommuPage(core, data);
  }

  /** The part of the vIOMMU that iommufd provides. */
  ViommuCore core() {
    return core;
  }

  @Override
  public NestedDomain allocNested(int flags, UserData data) {
    return MockNestedDomain.alloc(iommu, this, flags, data);
  }

  /**
   * {@inheritDoc}
   *
   * <p>{@code mock_viommu_cache_invalidate}: as {@link UserDataArray#all}, but for no entries of
   * the right type; then EOPNOTSUPP for unknown flags, EINVAL for an entry or a device that is not
   * there.
   */
  @Override
  public void invalidate(UserDataArray requests) {
    int type = IOMMU_VIOMMU_INVALIDATE_DATA_SELFTEST();
    if (requests.entries() == 0 && requests.type() == type) {
      return;
    }
    long size = iommu_viommu_invalidate_selftest.sizeof();
    MemorySegment all = requests.all(type, size);
    for (int i = 0; i < requests.entries(); i++) {
      invalidate(all.asSlice(i * size, size));
      requests.handledOne();
    }
  }

  private void invalidate(MemorySegment request) {
    int flags = iommu_viommu_invalidate_selftest.flags(request);
    int entry = iommu_viommu_invalidate_selftest.cache_id(request);
    if ((flags & ~IOMMU_TEST_INVALIDATE_FLAG_ALL()) != 0) {
      throw Refused.with(Errno.EOPNOTSUPP);
    }
    if (Integer.compareUnsigned(entry, MOCK_DEV_CACHE_ID_MAX()) > 0) {
      throw Refused.with(Errno.EINVAL);
    }
    int virtualId = iommu_viommu_invalidate_selftest.vdev_id(request);
    IommuDevice device = core.findDevice(Integer.toUnsignedLong(virtualId));
    if (device == null) {
      throw Refused.with(Errno.EINVAL);
    }
    MockDeviceCache cache = MockDevice.of(device).cache();
    if ((flags & IOMMU_TEST_INVALIDATE_FLAG_ALL()) != 0) {
      cache.clear();
    } else {
      cache.clear(entry);
    }
  }

  @Override
  public boolean hasHwQueues(int type) {
    return type == IOMMU_HW_QUEUE_TYPE_SELFTEST();
  }

  @Override
  public Runnable initHwQueue(HwQueueCore queue, int index, long physical) {
    return queues.add(queue, index);
  }

  /** {@code mock_viommu_destroy}. */
  @Override
  public void destroy() {
    if (page != null) {
      page.close();
    }
  }
}
