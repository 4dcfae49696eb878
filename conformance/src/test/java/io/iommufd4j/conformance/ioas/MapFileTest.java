// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.ioas;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.UserPages.PAGE;
import static io.iommufd4j.kernel.Errno.EBADF;
import static io.iommufd4j.kernel.Errno.EEXIST;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.EOVERFLOW;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.conformance.BoundDevice;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.Needs;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.kernel.Request;
import org.junit.jupiter.api.Test;

/** {@code IOMMU_IOAS_MAP_FILE}: memory that goes by a descriptor. */
@Conformance
final class MapFileTest {

  private static final long IOVA = 0x100_0000;

  @Test
  void memfdIsMapped(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    OpenIommufd iommufd = bound.iommufd();
    int ioas = bound.ioas();
    bound.hwpt(ioas);
    int file = test.memfd(4);
    ok(iommufd.mapFile(ioas, file, 0, 2 * PAGE, IOVA));
    ok(iommufd.mapFile(ioas, file, 2 * PAGE, 2 * PAGE, IOVA + 2 * PAGE));
    refused(EEXIST, iommufd.mapFile(ioas, file, 0, PAGE, IOVA));
    assertEquals(4 * PAGE, iommufd.unmap(ioas, IOVA, 4 * PAGE));
  }

  @Test
  void mappingOutlivesTheDescriptor(KernelUnderTest test) {
    Needs.request(test.kernel(), Request.IOMMU_IOAS_MAP_FILE);
    OpenIommufd iommufd = test.iommufd();
    int ioas = ok(iommufd.ioasAlloc());
    int file = ok(test.kernel().memfd("conformance", 0));
    ok(test.kernel().ftruncate(file, PAGE));
    ok(iommufd.mapFile(ioas, file, 0, PAGE, IOVA));
    ok(test.kernel().close(file));
    assertEquals(PAGE, iommufd.unmap(ioas, IOVA, PAGE));
  }

  @Test
  void pastTheEndThereIsNothingToPin(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    OpenIommufd iommufd = bound.iommufd();
    int ioas = bound.ioas();
    int file = test.memfd(1);
    ok(iommufd.mapFile(ioas, file, 0, 2 * PAGE, IOVA));
    refused(EINVAL, iommufd.hwptAlloc(bound.id(), ioas));
    assertEquals(2 * PAGE, iommufd.unmap(ioas, IOVA, 2 * PAGE));
    bound.hwpt(ioas);
    refused(EINVAL, iommufd.mapFile(ioas, file, PAGE, PAGE, IOVA));
  }

  @Test
  void otherFilesCannotBePinned(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    int ioas = bound.ioas();
    bound.hwpt(ioas);
    refused(EINVAL, bound.iommufd().mapFile(ioas, bound.iommufd().fd(), 0, PAGE, IOVA));
  }

  @Test
  void badFilesAndRangesAreRefused(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    int ioas = ok(iommufd.ioasAlloc());
    int file = test.memfd(1);
    refused(EBADF, iommufd.mapFile(ioas, -1, 0, PAGE, IOVA));
    refused(EINVAL, iommufd.mapFile(ioas, file, 0, 0, IOVA));
    refused(EOVERFLOW, iommufd.mapFile(ioas, file, -PAGE, 2 * PAGE, IOVA));
    refused(EOVERFLOW, iommufd.mapFile(ioas, file, 0, -1, IOVA));
    refused(EOVERFLOW, iommufd.mapFile(ioas, file, 0, PAGE, -1));
  }
}
