// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.selftest.viommu;

import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HWPT_ALLOC_NEST_PARENT;
import static io.iommufd4j.bindings.selftest.selftest_h.*;
import static io.iommufd4j.conformance.Answers.ok;

import io.iommufd4j.bindings.selftest.iommu_hwpt_selftest;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.selftest.driver.MockDevice;
import io.iommufd4j.conformance.selftest.driver.MockIommufd;
import io.iommufd4j.conformance.selftest.driver.ObjectRequests;
import io.iommufd4j.conformance.selftest.driver.SelftestFile;
import java.lang.foreign.MemorySegment;

/**
 * The state every case of {@code iommufd_viommu} starts from: an IOAS, and in one variant a mock
 * device with a virtual IOMMU on a nesting parent, and a nested HWPT on the virtual IOMMU. The ids
 * of what is not there are 0.
 */
final class ViommuStart {

  /** The variants of a case: without a virtual IOMMU, and with one. */
  enum Variant {
    NO_VIOMMU("no_viommu"),
    MOCK_VIOMMU("mock_viommu");

    private final String kernelName;

    Variant(String kernelName) {
      this.kernelName = kernelName;
    }

    @Override
    public String toString() {
      return kernelName;
    }
  }

  private static final int ABSENT = 0;

  private final SelftestFile file;
  private final int ioas;
  private final int stdev;
  private final int device;
  private final int parent;
  private final int viommu;
  private final int nested;

  ViommuStart(KernelUnderTest test, Variant variant) {
    file = SelftestFile.open(test);
    ioas = file.ioas();
    ok(file.mock().memoryLimit(MockIommufd.DEFAULT_MEMORY_LIMIT));
    if (variant == Variant.NO_VIOMMU) {
      stdev = ABSENT;
      device = ABSENT;
      parent = ABSENT;
      viommu = ABSENT;
      nested = ABSENT;
    } else {
      MockDevice mock = file.mock().device(ioas).ok();
      stdev = mock.stdev();
      device = mock.id();
      parent = ok(file.iommufd().hwptAlloc(device, ioas, IOMMU_HWPT_ALLOC_NEST_PARENT()));
      viommu = ok(viommu(parent, IOMMU_VIOMMU_TYPE_SELFTEST(), ObjectRequests.NO_DATA));
      nested = ok(nested(0, 0));
    }
  }

  SelftestFile file() {
    return file;
  }

  MockIommufd mock() {
    return file.mock();
  }

  ObjectRequests objects() {
    return file.objects();
  }

  int ioas() {
    return ioas;
  }

  /** The mock device's own object. */
  int stdev() {
    return stdev;
  }

  /** The bound device. */
  int device() {
    return device;
  }

  /** The nesting parent. */
  int parent() {
    return parent;
  }

  int viommu() {
    return viommu;
  }

  /** The HWPT on the virtual IOMMU. */
  int nested() {
    return nested;
  }

  /** {@code IOMMU_VIOMMU_ALLOC} for the device. */
  int viommu(int hwpt, int type, MemorySegment data) {
    return objects().viommu(device, hwpt, 0, type, data);
  }

  /** {@code IOMMU_HWPT_ALLOC} on the virtual IOMMU. */
  int nested(int flags, int faultQueue) {
    MemorySegment data = file.test().arena().allocate(iommu_hwpt_selftest.layout());
    iommu_hwpt_selftest.iotlb(data, IOMMU_TEST_IOTLB_DEFAULT());
    int type = IOMMU_HWPT_DATA_SELFTEST();
    return objects().hwpt(device, viommu, flags, faultQueue, type, data, data.byteSize());
  }

  int destroy(int id) {
    return file.iommufd().destroy(id);
  }

  /** Attaches the device to something else than it is on. */
  int replace(int pt) {
    return mock().replace(stdev, pt);
  }
}
