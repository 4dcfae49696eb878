// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.requests;

import static io.iommufd4j.bindings.selftest.selftest_h.IOMMU_TEST_OP_MD_CHECK_MAP;
import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENODEV;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static io.iommufd4j.kernel.Errno.ENXIO;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.UserPages;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.conformance.selftest.driver.MockIommufd;
import io.iommufd4j.kernel.Errno;
import org.junit.jupiter.api.Test;

/** Refusals of an iommufd that Linux 6.12 has another errno for. */
@Conformance
final class OlderAnswersTest {

  private static final long PAGE = UserPages.PAGE;

  /** Of a file that cannot be mapped Linux does not ask how. */
  @Test
  void nothingIsMappedOfAnIommufd(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    boolean older = test.older();
    refused(older ? ENODEV : ENXIO, map(test, iommufd, libc_h.MAP_SHARED()));
    refused(older ? ENODEV : EINVAL, map(test, iommufd, libc_h.MAP_PRIVATE()));
  }

  private static long map(KernelUnderTest test, OpenIommufd iommufd, int flags) {
    return test.kernel().mmap(PAGE, libc_h.PROT_READ(), flags, iommufd.fd(), PAGE);
  }

  @Test
  void mockLooksForTheHwptOrAtTheRangeFirst(KernelUnderTest test) {
    MockIommufd mock = MockIommufd.open(test);
    int ioas = ok(mock.iommufd().ioasAlloc());
    Errno first = test.older() ? EINVAL : ENOENT;
    refused(first, check(mock, 1000, 0, PAGE, PAGE / 4));
    refused(first, check(mock, 1000, 0, PAGE / 4, 0));
    refused(first, check(mock, ioas, PAGE / 4, PAGE, 0));
    refused(first, check(mock, ioas, 0, -PAGE, PAGE));
    refused(ENOENT, check(mock, 1000, 0, PAGE / 2, PAGE / 2));
    refused(ENOENT, check(mock, ioas, PAGE, PAGE, PAGE));
  }

  private static int check(MockIommufd mock, int id, long iova, long length, long address) {
    return mock.run(
        mock.command(IOMMU_TEST_OP_MD_CHECK_MAP(), "check_map")
            .id(id)
            .set("iova", iova)
            .set("length", length)
            .set("uptr", address));
  }
}
