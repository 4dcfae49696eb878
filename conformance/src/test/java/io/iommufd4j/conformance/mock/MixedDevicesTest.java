// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.mock;

import static io.iommufd4j.bindings.selftest.selftest_h.*;
import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.Answers.same;
import static io.iommufd4j.kernel.Errno.EADDRINUSE;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.iommufd4j.conformance.BoundDevice;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.UserPages;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.conformance.selftest.driver.MockDevice;
import io.iommufd4j.conformance.selftest.driver.MockIommufd;
import org.junit.jupiter.api.Test;

/** Mock devices beside real ones, on one IOAS. */
@Conformance
final class MixedDevicesTest {

  private static final long PAGE = UserPages.PAGE;
  private static final long START = MOCK_APERTURE_START();

  /** A device behind the machine's own IOMMU, and a mock beside it. */
  private record Bench(MockIommufd mock, BoundDevice real, int ioas) {

    static Bench of(KernelUnderTest test) {
      MockIommufd mock = MockIommufd.open(test);
      BoundDevice real = test.bound(mock.iommufd(), test.machine().lone().getFirst());
      return new Bench(mock, real, ok(mock.iommufd().ioasAlloc()));
    }
  }

  @Test
  void eachHasAHwptOfItsOwn(KernelUnderTest test) {
    Bench bench = Bench.of(test);
    int realHwpt = ok(bench.real.device().attach(bench.ioas));
    MockDevice device = bench.mock.device(bench.ioas).ok();
    assertNotEquals(realHwpt, device.hwpt());
    MockDevice second = bench.mock.device(bench.ioas).ok();
    same(device.hwpt(), second.hwpt());
    UserPages pages = test.pages(1);
    OpenIommufd iommufd = bench.mock.iommufd();
    refused(EINVAL, iommufd.mapFixed(bench.ioas, pages.address(), PAGE, PAGE));
    ok(iommufd.mapFixed(bench.ioas, pages.address(), PAGE, START));
    ok(bench.mock.checkMap(device.hwpt(), START, PAGE, pages.address()));
    refused(EINVAL, bench.mock.checkMap(realHwpt, START, PAGE, pages.address()));
    ok(bench.mock.checkPins(pages.address(), PAGE, 1));
    ok(iommufd.destroy(device.stdev()));
    ok(iommufd.destroy(second.stdev()));
    ok(bench.mock.checkPins(pages.address(), PAGE, 1));
    ok(bench.real.device().detach());
    ok(bench.mock.checkPins(pages.address(), PAGE, 0));
  }

  @Test
  void noneTakesTheOthersHwpt(KernelUnderTest test) {
    Bench bench = Bench.of(test);
    OpenIommufd iommufd = bench.mock.iommufd();
    int realHwpt = ok(iommufd.hwptAlloc(bench.real.id(), bench.ioas));
    MockDevice device = bench.mock.device(bench.ioas).ok();
    refused(EINVAL, bench.mock.device(realHwpt).answer());
    ok(bench.mock.checkPasid(device.stdev(), 0, device.hwpt()));
    refused(EINVAL, bench.real.device().attach(device.hwpt()));
    same(realHwpt, bench.real.device().attach(realHwpt));
    same(device.hwpt(), bench.mock.replace(device.stdev(), device.hwpt()));
  }

  @Test
  void whatIsMappedMayNotFit(KernelUnderTest test) {
    Bench bench = Bench.of(test);
    OpenIommufd iommufd = bench.mock.iommufd();
    UserPages pages = test.pages(1);
    ok(iommufd.mapFixed(bench.ioas, pages.address(), PAGE, PAGE));
    refused(EADDRINUSE, bench.mock.device(bench.ioas).answer());
    same(PAGE, iommufd.unmapAll(bench.ioas));
    ok(iommufd.mapFixed(bench.ioas, pages.address(), MOCK_PAGE_SIZE(), START));
    refused(EADDRINUSE, bench.real.device().attach(bench.ioas));
    MockDevice device = bench.mock.device(bench.ioas).ok();
    refused(EADDRINUSE, bench.real.device().attach(bench.ioas));
    ok(bench.mock.checkMap(device.hwpt(), START, MOCK_PAGE_SIZE(), pages.address()));
  }

  @Test
  void reservedIovasAreEveryones(KernelUnderTest test) {
    Bench bench = Bench.of(test);
    OpenIommufd iommufd = bench.mock.iommufd();
    UserPages pages = test.pages(1);
    refused(EINVAL, bench.mock.addReserved(bench.ioas, START, 0));
    ok(bench.mock.addReserved(bench.ioas, START, PAGE));
    ok(bench.mock.addReserved(bench.ioas, START, PAGE));
    refused(EINVAL, iommufd.mapFixed(bench.ioas, pages.address(), PAGE, START));
    ok(iommufd.mapFixed(bench.ioas, pages.address(), PAGE, START + PAGE));
    refused(EADDRINUSE, bench.mock.addReserved(bench.ioas, START, PAGE + 1));
    ok(bench.real.device().attach(bench.ioas));
    ok(bench.real.device().detach());
    refused(EINVAL, iommufd.mapFixed(bench.ioas, pages.address(), PAGE, START));
  }
}
