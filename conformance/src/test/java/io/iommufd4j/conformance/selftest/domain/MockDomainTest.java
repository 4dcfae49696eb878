// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.selftest.domain;

import static io.iommufd4j.bindings.selftest.selftest_h.*;
import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.Answers.same;
import static io.iommufd4j.conformance.selftest.driver.TestMemory.BUFFER;
import static io.iommufd4j.conformance.selftest.driver.TestMemory.PAGE;
import static io.iommufd4j.kernel.Errno.EBUSY;
import static io.iommufd4j.kernel.Errno.EFAULT;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static io.iommufd4j.kernel.Errno.EOPNOTSUPP;

import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.RequestBlock;
import io.iommufd4j.conformance.selftest.Counterpart;
import io.iommufd4j.conformance.selftest.Selftest;
import io.iommufd4j.conformance.selftest.driver.MockAccess;
import io.iommufd4j.conformance.selftest.driver.MockDevice;
import io.iommufd4j.conformance.selftest.driver.MockIommufd;
import io.iommufd4j.conformance.selftest.driver.TestMemory;
import io.iommufd4j.kernel.Request;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tests of the mappings in the domains behind an IOAS, and of replacing those domains. */
@Selftest
final class MockDomainTest {

  private static final int WRITE = iommufd_h.IOMMU_IOAS_MAP_WRITEABLE();
  private static final long START = MOCK_APERTURE_START();

  @ParameterizedTest(name = "{0}")
  @EnumSource
  @Counterpart("iommufd_mock_domain.basic")
  void basic(MockDomainVariant variant, KernelUnderTest test) {
    MockDomainFixture domains = MockDomainFixture.open(test, variant);
    TestMemory buffer = domains.buffer();
    long iova = ok(domains.map(buffer, 0, PAGE));
    domains.translated(buffer.address(), iova, PAGE);
    TestMemory memory = domains.memory();
    if (variant.file()) {
      refused(EINVAL, domains.map(memory, 0, memory.bytes() + 1));
      ok(test.kernel().ftruncate(memory.fd(), 0));
      refused(EINVAL, domains.map(memory, 0, memory.bytes()));
      return;
    }
    long half = memory.bytes() / 2;
    ok(memory.unmap(half, half));
    refused(EFAULT, domains.map(memory, 0, memory.bytes()));
    ok(memory.unmap(0, half));
    refused(EFAULT, domains.map(memory, 0, memory.bytes()));
  }

  @ParameterizedTest(name = "{0}")
  @EnumSource
  @Counterpart("iommufd_mock_domain.ro_unshare")
  void readOnlyMappingOfAPrivatePage(MockDomainVariant variant, KernelUnderTest test) {
    MockDomainFixture domains = MockDomainFixture.open(test, variant);
    TestMemory page = TestMemory.privateFile(test, PAGE);
    RequestBlock block =
        domains
            .iommufd()
            .block(Request.IOMMU_IOAS_MAP)
            .set("flags", iommufd_h.IOMMU_IOAS_MAP_READABLE())
            .set("ioas_id", domains.ioas())
            .set("user_va", page.address())
            .set("length", PAGE);
    ok(domains.iommufd().ioctl(block));
    long iova = block.get("iova");
    domains.translated(page.address(), iova, PAGE);
    // The page was made the process' own when it was pinned: writing to it makes no other.
    page.memory().fill((byte) 1);
    domains.translated(page.address(), iova, PAGE);
    page.close();
  }

  @ParameterizedTest(name = "{0}")
  @EnumSource
  @Counterpart("iommufd_mock_domain.all_aligns")
  void everyAlignment(MockDomainVariant variant, KernelUnderTest test) {
    MockDomainFixture domains = MockDomainFixture.open(test, variant);
    TestMemory memory = domains.memory();
    sweep(
        variant,
        domains,
        memory,
        (start, iova, length) -> checked(domains, memory, start, iova, length));
  }

  @ParameterizedTest(name = "{0}")
  @EnumSource
  @Counterpart("iommufd_mock_domain.all_aligns_copy")
  void everyAlignmentWithADomainMore(MockDomainVariant variant, KernelUnderTest test) {
    MockDomainFixture domains = MockDomainFixture.open(test, variant);
    TestMemory memory = domains.memory();
    sweep(
        variant,
        domains,
        memory,
        (start, iova, length) -> {
          MockDevice device = domains.mock().device(domains.ioas()).ok();
          same(0, domains.mock().checkMap(device.hwpt(), iova, length, memory.address() + start));
          checked(domains, memory, start, iova, length);
          ok(domains.iommufd().destroy(device.stdev()));
        });
  }

  /** A check made while part of memory is mapped. */
  @FunctionalInterface
  private interface Mapped {
    void look(long start, long iova, long length);
  }

  /** Maps every part of memory, and the whole of it where it is huge. */
  private static void sweep(
      MockDomainVariant variant, MockDomainFixture domains, TestMemory memory, Mapped mapped) {
    notPinned(domains, memory);
    long bytes = memory.bytes();
    long step = variant.huge() ? bytes / 16 : MOCK_PAGE_SIZE();
    for (long start = 0; start < bytes; start += step) {
      // Of huge pages the kernel's case maps nothing here: its inner loop starts at the end.
      long end = variant.huge() ? bytes : start + MOCK_PAGE_SIZE();
      for (; end < bytes; end += MOCK_PAGE_SIZE()) {
        long length = end - start;
        long iova = ok(domains.map(memory, start, length));
        mapped.look(start, iova, length);
        ok(domains.iommufd().unmap(domains.ioas(), iova, length));
      }
    }
    notPinned(domains, memory);
  }

  private static void notPinned(MockDomainFixture domains, TestMemory memory) {
    same(0, domains.mock().checkPins(memory.address(), memory.bytes(), 0));
  }

  /** The domains translate to the very pages, and each is pinned once. */
  private static void checked(
      MockDomainFixture domains, TestMemory memory, long start, long iova, long length) {
    domains.translated(memory.address() + start, iova, length);
    long first = start / PAGE * PAGE;
    long end = (start + length) / PAGE * PAGE;
    same(0, domains.mock().checkPins(memory.address() + first, end - first, 1));
  }

  @ParameterizedTest(name = "{0}")
  @EnumSource
  @Counterpart("iommufd_mock_domain.user_copy")
  void copyOfWhatAnAccessPinned(MockDomainVariant variant, KernelUnderTest test) {
    MockDomainFixture domains = MockDomainFixture.open(test, variant);
    OpenIommufd iommufd = domains.iommufd();
    TestMemory buffer = domains.buffer();

    int from = domains.file().ioas();
    long iova = ok(domains.map(from, buffer, 0, BUFFER));
    MockAccess access = domains.mock().access(from, MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES());
    ok(access.pin(iova, BUFFER, buffer.address()));
    ok(iommufd.copy(from, iova, domains.ioas(), START, BUFFER, WRITE));
    domains.translated(buffer.address(), START, BUFFER);

    int next = domains.file().ioas();
    long nextIova = ok(domains.map(next, buffer, 0, BUFFER));
    ok(access.replaceIoas(next));
    ok(iommufd.unmap(domains.ioas(), START, BUFFER));
    ok(iommufd.destroy(from));

    int pages = ok(access.pin(nextIova, BUFFER, buffer.address()));
    ok(iommufd.copy(next, nextIova, domains.ioas(), START, BUFFER, WRITE));
    domains.translated(buffer.address(), START, BUFFER);
    same(0, access.unpin(pages));
    access.close();
    ok(iommufd.destroy(next));
  }

  @ParameterizedTest(name = "{0}")
  @EnumSource
  @Counterpart("iommufd_mock_domain.replace")
  void replace(MockDomainVariant variant, KernelUnderTest test) {
    MockDomainFixture domains = MockDomainFixture.open(test, variant);
    MockIommufd mock = domains.mock();
    MockDevice device = domains.devices().getFirst();
    int other = domains.file().ioas();
    ok(mock.replace(device.stdev(), other));
    if (variant.devices() == 1) {
      // The HWPT that attaching to the IOAS had made went with its last device.
      refused(ENOENT, mock.replace(device.stdev(), device.hwpt()));
    }
    ok(mock.replace(device.stdev(), other));
    if (variant.devices() > 1) {
      int second = domains.devices().get(1).hwpt();
      ok(mock.replace(device.stdev(), second));
      ok(mock.replace(device.stdev(), second));
      ok(mock.replace(device.stdev(), device.hwpt()));
    }
    ok(mock.replace(device.stdev(), domains.ioas()));
    ok(domains.iommufd().destroy(other));
  }

  @ParameterizedTest(name = "{0}")
  @EnumSource
  @Counterpart("iommufd_mock_domain.alloc_hwpt")
  void rotation(MockDomainVariant variant, KernelUnderTest test) {
    MockDomainFixture domains = MockDomainFixture.open(test, variant);
    OpenIommufd iommufd = domains.iommufd();
    MockIommufd mock = domains.mock();
    int nestParent = iommufd_h.IOMMU_HWPT_ALLOC_NEST_PARENT();
    for (MockDevice device : domains.devices()) {
      refused(EOPNOTSUPP, iommufd.hwptAlloc(device.id(), domains.ioas(), ~nestParent));
      int first = ok(iommufd.hwptAlloc(device.id(), domains.ioas()));
      int second = ok(iommufd.hwptAlloc(device.id(), domains.ioas(), nestParent));
      ok(mock.replace(device.stdev(), first));
      refused(EBUSY, iommufd.destroy(first));
      ok(mock.replace(device.stdev(), second));
      refused(EBUSY, iommufd.destroy(second));
      ok(mock.replace(device.stdev(), domains.ioas()));
      ok(iommufd.destroy(second));
      MockDevice another = mock.device(first).ok();
      ok(iommufd.destroy(another.stdev()));
      ok(iommufd.destroy(first));
    }
  }
}
