// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.selftest.ioas;

import static io.iommufd4j.bindings.selftest.selftest_h.*;
import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.Answers.same;
import static io.iommufd4j.conformance.selftest.driver.TestMemory.PAGE;
import static io.iommufd4j.kernel.Errno.EADDRINUSE;
import static io.iommufd4j.kernel.Errno.EINVAL;

import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.selftest.Counterpart;
import io.iommufd4j.conformance.selftest.Selftest;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** {@code IOMMU_OPTION_HUGE_PAGES}: without it everything is aligned to whole pages. */
@Selftest
final class IoasOptionTest {

  private static final int HUGE_PAGES = iommufd_h.IOMMU_OPTION_HUGE_PAGES();

  @ParameterizedTest(name = "{0}")
  @EnumSource
  @Counterpart("iommufd_ioas.ioas_option_huge_pages")
  void onAndOff(IoasVariant variant, KernelUnderTest test) {
    IoasFixture ioas = IoasFixture.open(test, variant);
    same(1, get(ioas));
    ok(set(ioas, 0));
    same(0, get(ioas));
    refused(EINVAL, set(ioas, 2));
    ok(set(ioas, 1));
  }

  @ParameterizedTest(name = "{0}")
  @EnumSource
  @Counterpart("iommufd_ioas.ioas_align_change")
  void alignment(IoasVariant variant, KernelUnderTest test) {
    IoasFixture ioas = IoasFixture.open(test, variant);
    if (ioas.attached()) {
      // The alignment does not grow once there is a domain with something mapped.
      return;
    }
    long page = ioas.address();
    long odd = page + MOCK_PAGE_SIZE();
    long iova = MOCK_APERTURE_START();
    ok(ioas.mapFixed(page, PAGE, iova));
    ok(set(ioas, 0));
    refused(EINVAL, ioas.mapFixed(odd, PAGE, iova + PAGE));
    ok(set(ioas, 0));
    ok(set(ioas, 1));
    ok(ioas.mapFixed(odd, PAGE, iova + PAGE));
    refused(EADDRINUSE, set(ioas, 0));
    ok(ioas.unmap(iova + PAGE, PAGE));
    ok(ioas.unmap(iova, PAGE));
  }

  private static long get(IoasFixture ioas) {
    return ioas.iommufd().option(HUGE_PAGES, ioas.ioas());
  }

  private static int set(IoasFixture ioas, int value) {
    return ioas.iommufd().setOption(HUGE_PAGES, ioas.ioas(), value);
  }
}
