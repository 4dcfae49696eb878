// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.selftest.ioas;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.selftest.driver.TestMemory.PAGE;
import static io.iommufd4j.kernel.Errno.EBUSY;
import static io.iommufd4j.kernel.Errno.ENOENT;

import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.selftest.Counterpart;
import io.iommufd4j.conformance.selftest.Selftest;
import io.iommufd4j.conformance.selftest.driver.MockDevice;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** When an IOAS can go, and what goes with it. */
@Selftest
final class IoasLifeTest {

  @ParameterizedTest(name = "{0}")
  @EnumSource
  @Counterpart("iommufd_ioas.ioas_auto_destroy")
  void goesWithItsFile(IoasVariant variant, KernelUnderTest test) {
    IoasFixture.open(test, variant);
  }

  @ParameterizedTest(name = "{0}")
  @EnumSource
  @Counterpart("iommufd_ioas.ioas_destroy")
  void destroy(IoasVariant variant, KernelUnderTest test) {
    destroyed(IoasFixture.open(test, variant));
  }

  @ParameterizedTest(name = "{0}")
  @EnumSource
  @Counterpart("iommufd_ioas.ioas_area_destroy")
  void destroyWithArea(IoasVariant variant, KernelUnderTest test) {
    IoasFixture ioas = IoasFixture.open(test, variant);
    ok(ioas.mapFixed(ioas.address(), PAGE, ioas.base()));
    destroyed(ioas);
  }

  private static void destroyed(IoasFixture ioas) {
    int answer = ioas.iommufd().destroy(ioas.ioas());
    if (ioas.attached()) {
      refused(EBUSY, answer);
    } else {
      ok(answer);
    }
  }

  @ParameterizedTest(name = "{0}")
  @EnumSource
  @Counterpart("iommufd_ioas.ioas_area_auto_destroy")
  void areasGoWithTheFile(IoasVariant variant, KernelUnderTest test) {
    IoasFixture ioas = IoasFixture.open(test, variant);
    for (int i = 0; i < 10; i++) {
      ok(ioas.mapFixed(ioas.address(), PAGE, ioas.base() + i * PAGE));
    }
  }

  @ParameterizedTest(name = "{0}")
  @EnumSource
  @Counterpart("iommufd_ioas.hwpt_attach")
  void attachToHwpt(IoasVariant variant, KernelUnderTest test) {
    IoasFixture ioas = IoasFixture.open(test, variant);
    MockDevice second = ioas.mock().device(ioas.device().hwpt());
    if (ioas.attached()) {
      second.ok();
    } else {
      refused(ENOENT, second.answer());
    }
  }
}
