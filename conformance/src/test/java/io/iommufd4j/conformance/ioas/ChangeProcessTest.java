// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.ioas;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.UserPages.PAGE;
import static io.iommufd4j.kernel.Errno.EINVAL;

import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.kernel.Request;
import org.junit.jupiter.api.Test;

/**
 * {@code IOMMU_IOAS_CHANGE_PROCESS}: the process that pinned pages count against, as far as one
 * process can observe.
 */
@Conformance
final class ChangeProcessTest {

  private static final long IOVA = 0x100_0000;

  @Test
  void onlyFilesCanChangeHands(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    ok(iommufd.ioctl(iommufd.block(Request.IOMMU_IOAS_CHANGE_PROCESS)));
    int ioas = ok(iommufd.ioasAlloc());
    ok(iommufd.mapFile(ioas, test.memfd(1), 0, PAGE, IOVA));
    ok(iommufd.ioctl(iommufd.block(Request.IOMMU_IOAS_CHANGE_PROCESS)));
    ok(iommufd.mapFixed(ioas, test.pages(1).address(), PAGE, IOVA + PAGE));
    refused(EINVAL, iommufd.ioctl(iommufd.block(Request.IOMMU_IOAS_CHANGE_PROCESS)));
  }
}
