// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.selftest.ioas;

import static io.iommufd4j.bindings.selftest.selftest_h.*;
import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.Answers.same;
import static io.iommufd4j.conformance.selftest.driver.TestMemory.BUFFER;
import static io.iommufd4j.conformance.selftest.driver.TestMemory.PAGE;
import static io.iommufd4j.kernel.Errno.EEXIST;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENOENT;

import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.selftest.Counterpart;
import io.iommufd4j.conformance.selftest.Selftest;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Areas at IOVAs of the caller's: mapped, unmapped, copied. */
@Selftest
final class IoasAreaTest {

  private static final int WRITE = iommufd_h.IOMMU_IOAS_MAP_WRITEABLE();
  private static final long EVERYTHING = -1;

  @ParameterizedTest(name = "{0}")
  @EnumSource
  @Counterpart("iommufd_ioas.area")
  void area(IoasVariant variant, KernelUnderTest test) {
    IoasFixture ioas = IoasFixture.open(test, variant);
    for (int i = 0; i < 10; i++) {
      refused(ENOENT, ioas.unmap(i * PAGE, PAGE));
    }
    for (int i = 0; i < 10; i++) {
      ok(ioas.mapFixed(ioas.address(), PAGE, ioas.base() + i * PAGE));
    }
    for (int i = 0; i < 10; i++) {
      ok(ioas.unmap(ioas.base() + i * PAGE, PAGE));
    }
    long two = ioas.base() + 16 * PAGE;
    ok(ioas.mapFixed(ioas.address(), 2 * PAGE, two));
    refused(ENOENT, ioas.unmap(two, PAGE));
    refused(ENOENT, ioas.unmap(two + PAGE, PAGE));
    refused(EEXIST, ioas.mapFixed(ioas.address(), 2 * PAGE, two));
    refused(EEXIST, ioas.mapFixed(ioas.address(), PAGE, two));
    refused(EEXIST, ioas.mapFixed(ioas.address(), PAGE, two + PAGE));
    refused(EEXIST, ioas.mapFixed(ioas.address(), 2 * PAGE, two - PAGE));
    refused(EEXIST, ioas.mapFixed(ioas.address(), 3 * PAGE, two - PAGE));
    ok(ioas.unmap(0, EVERYTHING));
    ok(ioas.unmap(0, EVERYTHING));
  }

  @ParameterizedTest(name = "{0}")
  @EnumSource
  @Counterpart("iommufd_ioas.unmap_fully_contained_areas")
  void unmapWholeAreas(IoasVariant variant, KernelUnderTest test) {
    IoasFixture ioas = IoasFixture.open(test, variant);
    long base = ioas.base() + 4 * PAGE;
    for (int i = 0; i < 4; i++) {
      ok(ioas.mapFixed(ioas.address(), 8 * PAGE, base + 16 * PAGE * i));
    }
    long last = base + 3 * 16 * PAGE;
    refused(ENOENT, ioas.unmap(base - 4 * PAGE, 8 * PAGE));
    refused(ENOENT, ioas.unmap(last + 8 * PAGE - 4 * PAGE, 8 * PAGE));
    long from = base - 4 * PAGE;
    same(32 * PAGE, ioas.unmap(from, last + 8 * PAGE - from));
  }

  @ParameterizedTest(name = "{0}")
  @EnumSource
  @Counterpart("iommufd_ioas.ioas_iova_alloc")
  void everyLengthUpToTwoPages(IoasVariant variant, KernelUnderTest test) {
    IoasFixture ioas = IoasFixture.open(test, variant);
    for (long length = 1; length < 2 * PAGE; length++) {
      long iova = ioas.map(ioas.address(), length);
      if (ioas.attached() && length % MOCK_PAGE_SIZE() != 0) {
        refused(EINVAL, iova);
      } else {
        ok(ioas.unmap(ok(iova), length));
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @EnumSource
  @Counterpart("iommufd_ioas.copy_area")
  void copy(IoasVariant variant, KernelUnderTest test) {
    IoasFixture ioas = IoasFixture.open(test, variant);
    OpenIommufd iommufd = ioas.iommufd();
    long base = ioas.base();
    ok(ioas.mapFixed(ioas.address(), PAGE, base));
    ok(iommufd.copy(ioas.ioas(), base, ioas.ioas(), base + PAGE, PAGE, WRITE));
    ok(iommufd.copy(ioas.ioas(), base, ioas.file().ioas(), 0, PAGE, WRITE));
  }

  @ParameterizedTest(name = "{0}")
  @EnumSource
  @Counterpart("iommufd_ioas.copy_sweep")
  void copyFromEverywhere(IoasVariant variant, KernelUnderTest test) {
    IoasFixture ioas = IoasFixture.open(test, variant);
    OpenIommufd iommufd = ioas.iommufd();
    long first = MOCK_APERTURE_START();
    long last = first + BUFFER - (ioas.attached() ? 1 : 2);
    ok(ioas.mapFixed(ioas.address(), last - first + 1, first));
    int copies = ioas.file().ioas();
    long length = MOCK_PAGE_SIZE();
    for (long iova = first - PAGE; iova <= last; iova += 511) {
      int answer = iommufd.copy(ioas.ioas(), iova, copies, first, length, WRITE);
      if (iova < first || iova + length - 1 > last) {
        refused(ENOENT, answer);
      } else {
        ok(answer);
        ok(iommufd.unmap(copies, first, length));
      }
    }
    ok(iommufd.destroy(copies));
  }
}
