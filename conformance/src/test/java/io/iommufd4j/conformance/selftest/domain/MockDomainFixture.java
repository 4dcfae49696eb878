// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.selftest.domain;

import static io.iommufd4j.bindings.selftest.selftest_h.*;
import static io.iommufd4j.conformance.Answers.same;
import static io.iommufd4j.conformance.selftest.driver.TestMemory.BUFFER;
import static io.iommufd4j.conformance.selftest.driver.TestMemory.HUGE_PAGE;
import static io.iommufd4j.conformance.selftest.driver.TestMemory.PAGE;

import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.RequestBlock;
import io.iommufd4j.conformance.selftest.driver.MockDevice;
import io.iommufd4j.conformance.selftest.driver.MockIommufd;
import io.iommufd4j.conformance.selftest.driver.SelftestFile;
import io.iommufd4j.conformance.selftest.driver.TestMemory;
import io.iommufd4j.kernel.Request;
import java.util.ArrayList;
import java.util.List;

/** An IOAS with mock devices, and a look at what their domains translate to. */
final class MockDomainFixture {

  private final SelftestFile file;
  private final MockDomainVariant variant;
  private final int ioas;
  private final List<MockDevice> devices = new ArrayList<>();

  private MockDomainFixture(SelftestFile file, MockDomainVariant variant) {
    this.file = file;
    this.variant = variant;
    this.ioas = file.ioas();
    for (int i = 0; i < variant.devices(); i++) {
      devices.add(file.mock().device(ioas).ok());
      file.mock().allCaches(devices.getFirst().id(), IOMMU_TEST_DEV_CACHE_DEFAULT());
    }
  }

  static MockDomainFixture open(KernelUnderTest test, MockDomainVariant variant) {
    return new MockDomainFixture(SelftestFile.open(test), variant);
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

  int ioas() {
    return ioas;
  }

  List<MockDevice> devices() {
    return devices;
  }

  /** Bytes of what the variant maps. */
  long bytes() {
    return variant.huge() ? 2 * HUGE_PAGE : 8 * PAGE;
  }

  /** Anonymous memory of the variant's kind. */
  TestMemory anonymous() {
    return variant.huge()
        ? TestMemory.huge(file.test(), bytes())
        : TestMemory.small(file.test(), bytes());
  }

  /** Memory of the variant's kind, a file's where the variant is about files. */
  TestMemory memory() {
    return variant.file() ? TestMemory.file(file.test(), bytes()) : anonymous();
  }

  /** As much memory as most cases map, a file's where the variant is about files. */
  TestMemory buffer() {
    return variant.file() ? TestMemory.file(file.test(), BUFFER) : file.buffer();
  }

  /** Maps part of memory where the kernel likes: the IOVA, or −errno. */
  long map(TestMemory memory, long offset, long bytes) {
    return map(ioas, memory, offset, bytes);
  }

  /** Maps part of memory into any IOAS where the kernel likes: the IOVA, or −errno. */
  long map(int into, TestMemory memory, long offset, long bytes) {
    return variant.file()
        ? mapFile(into, memory.fd(), offset, bytes)
        : iommufd().map(into, memory.address() + offset, bytes);
  }

  private long mapFile(int into, int fd, long offset, long bytes) {
    RequestBlock block =
        iommufd()
            .block(Request.IOMMU_IOAS_MAP_FILE)
            .set(
                "flags", iommufd_h.IOMMU_IOAS_MAP_READABLE() | iommufd_h.IOMMU_IOAS_MAP_WRITEABLE())
            .set("ioas_id", into)
            .set("fd", fd)
            .set("start", offset)
            .set("length", bytes);
    int answer = iommufd().ioctl(block);
    return answer < 0 ? answer : block.get("iova");
  }

  /** Expects every device's domain to translate a range to the pages of user memory. */
  void translated(long userAddress, long iova, long bytes) {
    for (MockDevice device : devices) {
      same(0, mock().checkMap(device.hwpt(), iova, bytes, userAddress));
    }
  }
}
