// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.ioas;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.kernel.Errno.ENODEV;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.RequestBlock;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.kernel.Request;
import org.junit.jupiter.api.Test;

/** {@code IOMMU_VFIO_IOAS}: which IOAS stands in for a VFIO container's. */
@Conformance
final class CompatibilityIoasTest {

  private static final int GET = iommufd_h.IOMMU_VFIO_IOAS_GET();
  private static final int SET = iommufd_h.IOMMU_VFIO_IOAS_SET();
  private static final int CLEAR = iommufd_h.IOMMU_VFIO_IOAS_CLEAR();

  @Test
  void itIsSetReadAndCleared(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    refused(ENODEV, iommufd.ioctl(block(iommufd, GET, 0)));
    int ioas = ok(iommufd.ioasAlloc());
    refused(ENOENT, iommufd.ioctl(block(iommufd, SET, ioas + 1)));
    ok(iommufd.ioctl(block(iommufd, SET, ioas)));
    RequestBlock get = block(iommufd, GET, 0);
    ok(iommufd.ioctl(get));
    assertEquals(ioas, get.get("ioas_id"));
    ok(iommufd.ioctl(block(iommufd, CLEAR, 0)));
    refused(ENODEV, iommufd.ioctl(block(iommufd, GET, 0)));
  }

  @Test
  void itGoesWithItsIoas(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    int ioas = ok(iommufd.ioasAlloc());
    ok(iommufd.ioctl(block(iommufd, SET, ioas)));
    ok(iommufd.destroy(ioas));
    refused(ENODEV, iommufd.ioctl(block(iommufd, GET, 0)));
  }

  private static RequestBlock block(OpenIommufd iommufd, int operation, int ioas) {
    return iommufd.block(Request.IOMMU_VFIO_IOAS).set("op", operation).set("ioas_id", ioas);
  }
}
