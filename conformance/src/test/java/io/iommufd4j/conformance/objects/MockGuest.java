// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.objects;

import static io.iommufd4j.conformance.Answers.ok;

import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.bindings.selftest.iommu_hwpt_selftest;
import io.iommufd4j.bindings.selftest.selftest_h;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.selftest.driver.MockDevice;
import io.iommufd4j.conformance.selftest.driver.MockIommufd;
import io.iommufd4j.conformance.selftest.driver.ObjectRequests;
import java.lang.foreign.MemorySegment;

/** A mock device on an IOAS, and what a guest of it needs. */
final class MockGuest {

  /** The value of each cache entry of a new nested HWPT. */
  static final int CACHED = selftest_h.IOMMU_TEST_IOTLB_DEFAULT();

  final KernelUnderTest test;
  final MockIommufd mock;
  final OpenIommufd iommufd;
  final ObjectRequests objects;
  final int ioas;
  final MockDevice device;

  MockGuest(KernelUnderTest test) {
    this.test = test;
    this.mock = MockIommufd.open(test);
    this.iommufd = mock.iommufd();
    this.objects = new ObjectRequests(iommufd);
    this.ioas = ok(iommufd.ioasAlloc());
    this.device = mock.device(ioas).ok();
  }

  /** The device's id, as VFIO's bind gives it. */
  int id() {
    return device.id();
  }

  /** A HWPT that guests can have their own on top of. */
  int parent() {
    return ok(iommufd.hwptAlloc(id(), ioas, iommufd_h.IOMMU_HWPT_ALLOC_NEST_PARENT()));
  }

  /** The description of a nested HWPT. */
  MemorySegment description() {
    MemorySegment data = test.arena().allocate(iommu_hwpt_selftest.layout());
    iommu_hwpt_selftest.iotlb(data, CACHED);
    return data;
  }

  /** A HWPT on top of a parent or on a vIOMMU. */
  int nested(int parent) {
    return ok(objects.hwpt(id(), parent, 0, selftest_h.IOMMU_HWPT_DATA_SELFTEST(), description()));
  }

  /** A vIOMMU. */
  int viommu(int parent) {
    return ok(
        objects.viommu(
            id(), parent, 0, selftest_h.IOMMU_VIOMMU_TYPE_SELFTEST(), ObjectRequests.NO_DATA));
  }

  /** A HWPT whose page requests go into a queue. */
  int hwpt(ObjectRequests.Queue queue) {
    return ok(
        objects.hwpt(
            id(),
            ioas,
            iommufd_h.IOMMU_HWPT_FAULT_ID_VALID(),
            queue.id(),
            iommufd_h.IOMMU_HWPT_DATA_NONE(),
            ObjectRequests.NO_DATA,
            0));
  }

  /** Moves the device to another HWPT. */
  void replace(int hwpt) {
    ok(mock.replace(device.stdev(), hwpt));
  }
}
