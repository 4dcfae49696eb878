// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.typed;

import static io.iommufd4j.conformance.Answers.ok;

import io.iommufd4j.Hwpt;
import io.iommufd4j.Ioas;
import io.iommufd4j.Iommufd;
import io.iommufd4j.Viommu;
import io.iommufd4j.bindings.selftest.iommu_hwpt_selftest;
import io.iommufd4j.bindings.selftest.selftest_h;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.Needs;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.selftest.driver.MockDevice;
import io.iommufd4j.conformance.selftest.driver.MockIommufd;
import io.iommufd4j.data.HwptData;
import io.iommufd4j.data.HwptSpec;
import io.iommufd4j.data.ViommuData;
import io.iommufd4j.uapi.DeviceId;
import io.iommufd4j.uapi.HwptFlag;
import io.iommufd4j.uapi.HwptParentId;
import io.iommufd4j.uapi.PageTableId;
import java.lang.foreign.MemorySegment;

/**
 * A typed iommufd with a device of the kernel's mock driver, which has every kind of object. The
 * mock's own commands go through the same descriptor.
 *
 * @param ioas where the device is attached at first
 */
record MockSetup(
    KernelUnderTest test, Iommufd iommufd, MockIommufd mock, Ioas ioas, MockDevice device)
    implements AutoCloseable {

  /** The value of each cache entry of a new nested HWPT. */
  static final int CACHED = selftest_h.IOMMU_TEST_IOTLB_DEFAULT();

  static MockSetup of(KernelUnderTest test) {
    Needs.MOCK_BESIDE_OTHERS.of(test);
    var iommufd = Iommufd.open(test.kernel());
    var raw = new OpenIommufd(test.kernel(), test.arena(), iommufd.fd());
    var mock = MockIommufd.on(test, raw);
    Ioas ioas = iommufd.newIoas();
    return new MockSetup(test, iommufd, mock, ioas, mock.device(ioas.id().value()).ok());
  }

  DeviceId id() {
    return new DeviceId(device.id());
  }

  /** A HWPT that guests can have their own on top of. */
  Hwpt parent() {
    return iommufd.newHwpt(id(), ioas.id(), HwptSpec.of(HwptFlag.NEST_PARENT));
  }

  /** The data of a nested HWPT. */
  HwptData data() {
    MemorySegment block = test.arena().allocate(iommu_hwpt_selftest.layout());
    iommu_hwpt_selftest.iotlb(block, CACHED);
    return new HwptData.Raw(selftest_h.IOMMU_HWPT_DATA_SELFTEST(), block);
  }

  /** A HWPT on top of a parent or on a vIOMMU. */
  Hwpt nested(HwptParentId parent) {
    return iommufd.newHwpt(id(), parent, HwptSpec.nested(data()));
  }

  /** A vIOMMU without data. */
  Viommu viommu(Hwpt parent) {
    var kind = new ViommuData.Raw(selftest_h.IOMMU_VIOMMU_TYPE_SELFTEST(), MemorySegment.NULL);
    return iommufd.newViommu(id(), parent.id(), kind);
  }

  /** Moves the device to another page table. */
  void replace(PageTableId table) {
    ok(mock.replace(device.stdev(), table.value()));
  }

  /** Takes the mock device away, as its driver would: nothing is attached any more. */
  void removeDevice() {
    ok(mock.iommufd().destroy(device.stdev()));
  }

  @Override
  public void close() {
    removeDevice();
    iommufd.close();
  }
}
