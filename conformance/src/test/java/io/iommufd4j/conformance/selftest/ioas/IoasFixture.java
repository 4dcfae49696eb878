// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.selftest.ioas;

import static io.iommufd4j.bindings.selftest.selftest_h.*;
import static io.iommufd4j.conformance.Answers.ok;

import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.selftest.driver.MockDevice;
import io.iommufd4j.conformance.selftest.driver.MockIommufd;
import io.iommufd4j.conformance.selftest.driver.SelftestFile;
import io.iommufd4j.conformance.selftest.driver.TestMemory;

/** An IOAS with as many mock devices as the variant says. */
final class IoasFixture {

  private final SelftestFile file;
  private final int ioas;
  private MockDevice device = new MockDevice(0, 0, 0, 0);
  private int pasidDevice;

  private IoasFixture(SelftestFile file, IoasVariant variant) {
    this.file = file;
    ioas = file.ioas();
    MockIommufd mock = file.mock();
    ok(mock.memoryLimit(variant.memoryLimit()));
    file.test().keep(() -> ok(mock.memoryLimit(MockIommufd.DEFAULT_MEMORY_LIMIT)));
    for (int i = 0; i < variant.devices(); i++) {
      device = mock.device(ioas).ok();
      mock.allCaches(device.id(), IOMMU_TEST_DEV_CACHE_DEFAULT());
    }
    if (variant.pasid()) {
      pasidDevice = mock.device(ioas, MOCK_FLAGS_DEVICE_PASID()).ok().id();
    }
  }

  static IoasFixture open(KernelUnderTest test, IoasVariant variant) {
    return new IoasFixture(SelftestFile.open(test), variant);
  }

  SelftestFile file() {
    return file;
  }

  MockIommufd mock() {
    return file.mock();
  }

  OpenIommufd iommufd() {
    return file.iommufd();
  }

  TestMemory buffer() {
    return file.buffer();
  }

  /** User address of the buffer. */
  long address() {
    return file.buffer().address();
  }

  int ioas() {
    return ioas;
  }

  /** True if a device is attached. */
  boolean attached() {
    return device.stdev() != 0;
  }

  /** The last device that was attached; its ids are 0 where there is none. */
  MockDevice device() {
    return device;
  }

  /** Id of the device with PASIDs, or 0. */
  int pasidDevice() {
    return pasidDevice;
  }

  /** The lowest IOVA that can be mapped. */
  long base() {
    return attached() ? MOCK_APERTURE_START() : 0;
  }

  /** Maps at an IOVA of the caller's: 0 or −errno. */
  int mapFixed(long userAddress, long bytes, long iova) {
    return iommufd().mapFixed(ioas, userAddress, bytes, iova);
  }

  /** Maps at an IOVA of the kernel's choice, which is the answer; or −errno. */
  long map(long userAddress, long bytes) {
    return iommufd().map(ioas, userAddress, bytes);
  }

  /** Unmaps: how many bytes, or −errno. */
  long unmap(long iova, long bytes) {
    return iommufd().unmap(ioas, iova, bytes);
  }
}
