// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.selftest.ioas;

import static io.iommufd4j.bindings.selftest.selftest_h.*;
import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.Answers.same;
import static io.iommufd4j.conformance.selftest.driver.TestMemory.BUFFER;
import static io.iommufd4j.conformance.selftest.driver.TestMemory.HUGE_PAGE;
import static io.iommufd4j.conformance.selftest.driver.TestMemory.PAGE;
import static io.iommufd4j.kernel.Errno.ENOENT;

import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.selftest.Counterpart;
import io.iommufd4j.conformance.selftest.Selftest;
import io.iommufd4j.conformance.selftest.driver.MockAccess;
import io.iommufd4j.conformance.selftest.driver.MockDevice;
import io.iommufd4j.conformance.selftest.driver.TestMemory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The kernel's own access to an IOAS: pages pinned beside domains, bytes read and written. */
@Selftest
final class AccessTest {

  private static final int PINS = MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES();
  private static final long START = MOCK_APERTURE_START();

  @ParameterizedTest(name = "{0}")
  @EnumSource
  @Counterpart("iommufd_ioas.access_domain_destory")
  void domainGoesUnderAPin(IoasVariant variant, KernelUnderTest test) {
    IoasFixture ioas = IoasFixture.open(test, variant);
    TestMemory huge = TestMemory.huge(test, 2 * HUGE_PAGE);
    ok(ioas.mapFixed(huge.address(), huge.bytes(), ioas.base()));
    MockAccess access = ioas.mock().access(ioas.ioas(), PINS);
    int pages = ok(access.pin(ioas.base() + PAGE, PAGE, huge.address() + PAGE));
    if (ioas.attached()) {
      // What the domain had pinned goes on both sides of what stays, within a huge page.
      ok(ioas.iommufd().destroy(ioas.device().stdev()));
    }
    same(0, access.unpin(pages));
    access.close();
    huge.close();
  }

  @ParameterizedTest(name = "{0}")
  @EnumSource
  @Counterpart("iommufd_ioas.access_pin")
  void pin(IoasVariant variant, KernelUnderTest test) {
    IoasFixture ioas = IoasFixture.open(test, variant);
    long address = ioas.address();
    MockAccess access = ioas.mock().access(ioas.ioas(), PINS);
    for (long bytes = PAGE; bytes < BUFFER; bytes += PAGE) {
      ok(ioas.mapFixed(address, BUFFER, START));
      same(0, access.unpin(ok(access.pin(START, bytes, address))));

      int first = ok(access.pin(START, bytes, address));
      int second = ok(access.pin(START, bytes, address));
      same(0, access.unpin(second));
      same(0, access.unpin(first));

      int pages = ok(access.pin(START, bytes, address));
      MockDevice device = ioas.mock().device(ioas.ioas()).ok();
      same(0, ioas.mock().checkMap(device.hwpt(), START, BUFFER, address));
      ok(ioas.iommufd().destroy(device.stdev()));
      same(0, access.unpin(pages));
      ok(ioas.unmap(START, BUFFER));
    }
    access.close();
  }

  @ParameterizedTest(name = "{0}")
  @EnumSource
  @Counterpart("iommufd_ioas.access_pin_unmap")
  void unmapTakesThePin(IoasVariant variant, KernelUnderTest test) {
    IoasFixture ioas = IoasFixture.open(test, variant);
    MockAccess access = ioas.mock().access(ioas.ioas(), PINS);
    ok(ioas.mapFixed(ioas.address(), BUFFER, START));
    int pages = ok(access.pin(START, BUFFER, ioas.address()));
    ok(ioas.unmap(START, BUFFER));
    refused(ENOENT, access.unpin(pages));
  }

  @ParameterizedTest(name = "{0}")
  @EnumSource
  @Counterpart("iommufd_ioas.access_rw")
  void readAndWrite(IoasVariant variant, KernelUnderTest test) {
    IoasFixture ioas = IoasFixture.open(test, variant);
    MockAccess access = ioas.mock().access(ioas.ioas(), 0);
    long iova = ok(ioas.map(ioas.address(), BUFFER));
    for (int flags : new int[] {0, MOCK_ACCESS_RW_SLOW_PATH()}) {
      new AccessCheck(access, ioas.buffer().memory(), iova, flags).run();
    }
    ok(ioas.unmap(iova, BUFFER));
    access.close();
  }

  @ParameterizedTest(name = "{0}")
  @EnumSource
  @Counterpart("iommufd_ioas.access_rw_unaligned")
  void readAndWriteAcrossPages(IoasVariant variant, KernelUnderTest test) {
    IoasFixture ioas = IoasFixture.open(test, variant);
    MockAccess access = ioas.mock().access(ioas.ioas(), 0);
    long iova = ioas.base() + MOCK_PAGE_SIZE();
    ok(ioas.mapFixed(ioas.address(), BUFFER, iova));
    new AccessCheck(access, ioas.buffer().memory(), iova, 0).run();
    ok(ioas.unmap(iova, BUFFER));
    access.close();
  }
}
