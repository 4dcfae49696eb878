// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.ioas;

import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_OPTION_HUGE_PAGES;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_OPTION_RLIMIT_MODE;
import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.UserPages.PAGE;
import static io.iommufd4j.kernel.Errno.EADDRINUSE;
import static io.iommufd4j.kernel.Errno.EBUSY;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static io.iommufd4j.kernel.Errno.EOPNOTSUPP;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.extension.Conformance;
import org.junit.jupiter.api.Test;

/** {@code IOMMU_OPTION}. */
@Conformance
final class OptionTest {

  @Test
  void limitModeIsSetWhileTheContextIsEmpty(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    int mode = IOMMU_OPTION_RLIMIT_MODE();
    assertEquals(0, iommufd.option(mode, 0));
    ok(iommufd.setOption(mode, 0, 1));
    assertEquals(1, iommufd.option(mode, 0));
    refused(EINVAL, iommufd.setOption(mode, 0, 2));
    assertEquals(1, iommufd.option(mode, 0));
    ok(iommufd.setOption(mode, 0, 0));
    int ioas = ok(iommufd.ioasAlloc());
    refused(EBUSY, iommufd.setOption(mode, 0, 1));
    assertEquals(0, iommufd.option(mode, 0));
    ok(iommufd.destroy(ioas));
    ok(iommufd.setOption(mode, 0, 1));
  }

  @Test
  void limitModeTakesNoObject(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    refused(EOPNOTSUPP, iommufd.option(IOMMU_OPTION_RLIMIT_MODE(), 1));
  }

  @Test
  void hugePagesAreOnUntilSwitchedOff(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    int ioas = ok(iommufd.ioasAlloc());
    int option = IOMMU_OPTION_HUGE_PAGES();
    assertEquals(1, iommufd.option(option, ioas));
    ok(iommufd.setOption(option, ioas, 0));
    assertEquals(0, iommufd.option(option, ioas));
    refused(EINVAL, iommufd.setOption(option, ioas, 2));
    ok(iommufd.setOption(option, ioas, 1));
    assertEquals(1, iommufd.option(option, ioas));
    refused(ENOENT, iommufd.option(option, ioas + 1));
  }

  @Test
  void withoutHugePagesMappingsArePageAligned(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    int ioas = ok(iommufd.ioasAlloc());
    ok(iommufd.setOption(IOMMU_OPTION_HUGE_PAGES(), ioas, 0));
    long page = test.pages(1).address();
    refused(EINVAL, iommufd.mapFixed(ioas, page, 5, 0x1000));
    ok(iommufd.mapFixed(ioas, page, PAGE, 0x1000));
  }

  @Test
  void unalignedMappingKeepsHugePagesOn(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    int ioas = ok(iommufd.ioasAlloc());
    ok(iommufd.mapFixed(ioas, test.pages(1).address(), 5, 0x1000));
    refused(EADDRINUSE, iommufd.setOption(IOMMU_OPTION_HUGE_PAGES(), ioas, 0));
    assertEquals(1, iommufd.option(IOMMU_OPTION_HUGE_PAGES(), ioas));
  }
}
