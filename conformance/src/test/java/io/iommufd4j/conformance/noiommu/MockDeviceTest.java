// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.noiommu;

import static io.iommufd4j.bindings.selftest.selftest_h.MOCK_APERTURE_START;
import static io.iommufd4j.bindings.selftest.selftest_h.MOCK_FLAGS_DEVICE_PASID;
import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.UserPages.PAGE;
import static io.iommufd4j.kernel.Errno.EBUSY;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.EOPNOTSUPP;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.conformance.BoundDevice;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.conformance.selftest.driver.MockDevice;
import io.iommufd4j.conformance.selftest.driver.MockIommufd;
import org.junit.jupiter.api.Test;

/**
 * A device without an IOMMU beside one of the kernel's mock driver, which has one: which HWPTs each
 * is attached to.
 */
@Conformance
@WithoutIommu
final class MockDeviceTest {

  private static final long IOVA = MOCK_APERTURE_START();

  private record Bench(MockIommufd mock, BoundDevice plain, int ioas) {

    static Bench of(KernelUnderTest test) {
      MockIommufd mock = MockIommufd.open(test);
      BoundDevice plain = test.bound(mock.iommufd(), test.machine().lone().getFirst());
      return new Bench(mock, plain, plain.ioas());
    }

    OpenIommufd iommufd() {
      return mock.iommufd();
    }

    int physical() {
      return Physical.answer(iommufd(), ioas, IOVA, PAGE);
    }
  }

  @Test
  void anyHwptWillDo(KernelUnderTest test) {
    Bench bench = Bench.of(test);
    MockDevice device = bench.mock.device(bench.ioas).ok();
    assertEquals(device.hwpt(), ok(bench.plain.device().attach(device.hwpt())));
    int own = bench.plain.hwpt(bench.ioas);
    assertEquals(own, ok(bench.plain.device().attach(own)));
    assertEquals(device.hwpt(), ok(bench.plain.device().attach(device.hwpt())));
    ok(bench.iommufd().destroy(device.stdev()));
    refused(EBUSY, bench.iommufd().destroy(device.hwpt()));
    ok(bench.plain.device().detach());
  }

  @Test
  void automaticHwptIsShared(KernelUnderTest test) {
    Bench bench = Bench.of(test);
    MockDevice device = bench.mock.device(bench.ioas).ok();
    assertEquals(device.hwpt(), ok(bench.plain.device().attach(bench.ioas)));
  }

  @Test
  void butNotTheOtherWayRound(KernelUnderTest test) {
    Bench bench = Bench.of(test);
    int own = ok(bench.plain.device().attach(bench.ioas));
    MockDevice device = bench.mock.device(bench.ioas).ok();
    assertNotEquals(own, device.hwpt());
    refused(EINVAL, bench.mock.device(own).answer());
  }

  @Test
  void hwptForPasidsTakesThem(KernelUnderTest test) {
    Bench bench = Bench.of(test);
    MockDevice device = bench.mock.device(bench.ioas, MOCK_FLAGS_DEVICE_PASID()).ok();
    int hwpt =
        ok(bench.iommufd().hwptAlloc(device.id(), bench.ioas, iommufd_h.IOMMU_HWPT_ALLOC_PASID()));
    assertEquals(hwpt, ok(bench.plain.device().attachPasid(7, hwpt)));
    assertEquals(hwpt, ok(bench.plain.device().attachPasid(7, hwpt)));
    refused(EINVAL, bench.plain.device().attach(bench.ioas));
    assertEquals(hwpt, ok(bench.plain.device().attach(hwpt)));
    refused(EBUSY, bench.iommufd().destroy(hwpt));
  }

  @Test
  void firstHwptDecidesAboutAddresses(KernelUnderTest test) {
    Bench bench = Bench.of(test);
    OpenIommufd iommufd = bench.iommufd();
    int own = bench.plain.hwpt(bench.ioas);
    MockDevice device = bench.mock.device(bench.ioas).ok();
    ok(iommufd.mapFixed(bench.ioas, test.pages(1).address(), PAGE, IOVA));
    ok(bench.physical());
    ok(iommufd.destroy(own));
    refused(EOPNOTSUPP, bench.physical());
    bench.plain.hwpt(bench.ioas);
    refused(EOPNOTSUPP, bench.physical());
    ok(iommufd.destroy(device.stdev()));
    ok(bench.physical());
  }

  @Test
  void lastHwptTakesTheFirstsPlace(KernelUnderTest test) {
    Bench bench = Bench.of(test);
    OpenIommufd iommufd = bench.iommufd();
    MockDevice first = bench.mock.device(bench.ioas).ok();
    int second = ok(iommufd.hwptAlloc(first.id(), bench.ioas));
    bench.plain.hwpt(bench.ioas);
    ok(iommufd.mapFixed(bench.ioas, test.pages(1).address(), PAGE, IOVA));
    refused(EOPNOTSUPP, bench.physical());
    int last = ok(iommufd.hwptAlloc(first.id(), bench.ioas));
    ok(iommufd.destroy(last));
    ok(iommufd.destroy(first.stdev()));
    ok(bench.physical());
    ok(iommufd.destroy(second));
    ok(bench.physical());
  }
}
