// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.ioas;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.UserPages.PAGE;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static io.iommufd4j.kernel.Errno.EOPNOTSUPP;
import static io.iommufd4j.kernel.Errno.EOVERFLOW;

import io.iommufd4j.conformance.BoundDevice;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.RequestBlock;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.kernel.Request;
import org.junit.jupiter.api.Test;

/** {@code IOMMU_IOAS_NOIOMMU_GET_PA}: there is an answer only where no IOMMU translates. */
@Conformance
final class PhysicalAddressTest {

  private static final long IOVA = 0x100_0000;

  @Test
  void translatedMemoryHasNone(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    int ioas = bound.ioas();
    refused(ENOENT, bound.iommufd().ioctl(block(bound, ioas, IOVA)));
    refused(EOVERFLOW, bound.iommufd().ioctl(block(bound, ioas, -1)));
    ok(bound.iommufd().mapFixed(ioas, test.pages(1).address(), PAGE, IOVA));
    refused(EOPNOTSUPP, bound.iommufd().ioctl(block(bound, ioas, IOVA)));
    bound.hwpt(ioas);
    refused(EOPNOTSUPP, bound.iommufd().ioctl(block(bound, ioas, IOVA)));
  }

  private static RequestBlock block(BoundDevice bound, int ioas, long iova) {
    return bound
        .iommufd()
        .block(Request.IOMMU_IOAS_NOIOMMU_GET_PA)
        .set("ioas_id", ioas)
        .set("iova", iova)
        .set("length", PAGE);
  }
}
