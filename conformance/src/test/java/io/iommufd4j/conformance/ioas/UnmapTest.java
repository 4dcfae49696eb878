// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.ioas;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.UserPages.PAGE;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static io.iommufd4j.kernel.Errno.EOVERFLOW;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.conformance.BoundDevice;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.UserPages;
import io.iommufd4j.conformance.extension.Conformance;
import org.junit.jupiter.api.Test;

/** {@code IOMMU_IOAS_UNMAP}: whole mappings only, as many as lie in the range. */
@Conformance
final class UnmapTest {

  private static final long IOVA = 0x100_0000;

  @Test
  void partOfAMappingCannotGo(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    int ioas = ok(iommufd.ioasAlloc());
    UserPages pages = test.pages(4);
    ok(iommufd.mapFixed(ioas, pages.address(), 4 * PAGE, IOVA));
    refused(ENOENT, iommufd.unmap(ioas, IOVA, PAGE));
    refused(ENOENT, iommufd.unmap(ioas, IOVA + PAGE, PAGE));
    refused(ENOENT, iommufd.unmap(ioas, IOVA + PAGE, 3 * PAGE));
    refused(ENOENT, iommufd.unmap(ioas, IOVA - PAGE, 3 * PAGE));
    assertEquals(4 * PAGE, iommufd.unmap(ioas, IOVA, 4 * PAGE));
  }

  @Test
  void rangeMayHoldManyAndHoles(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    int ioas = ok(iommufd.ioasAlloc());
    UserPages pages = test.pages(4);
    ok(iommufd.mapFixed(ioas, pages.address(), PAGE, IOVA));
    ok(iommufd.mapFixed(ioas, pages.address(), 2 * PAGE, IOVA + 2 * PAGE));
    ok(iommufd.mapFixed(ioas, pages.address(), PAGE, IOVA + 8 * PAGE));
    assertEquals(4 * PAGE, iommufd.unmap(ioas, IOVA - PAGE, 32 * PAGE));
    refused(ENOENT, iommufd.unmap(ioas, IOVA - PAGE, 32 * PAGE));
  }

  /** The mappings before the one that cannot go are unmapped all the same. */
  @Test
  void whatLiesBeforeARefusalGoes(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    int ioas = ok(iommufd.ioasAlloc());
    UserPages pages = test.pages(4);
    ok(iommufd.mapFixed(ioas, pages.address(), PAGE, IOVA));
    ok(iommufd.mapFixed(ioas, pages.address(), 2 * PAGE, IOVA + 2 * PAGE));
    refused(ENOENT, iommufd.unmap(ioas, IOVA, 3 * PAGE));
    refused(ENOENT, iommufd.unmap(ioas, IOVA, PAGE));
    assertEquals(2 * PAGE, iommufd.unmap(ioas, IOVA, 4 * PAGE));
  }

  @Test
  void impossibleRangesAreRefused(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    int ioas = ok(iommufd.ioasAlloc());
    refused(EINVAL, iommufd.unmap(ioas, IOVA, 0));
    refused(EOVERFLOW, iommufd.unmap(ioas, IOVA, -1));
    refused(EOVERFLOW, iommufd.unmap(ioas, -1, PAGE));
    refused(EOVERFLOW, iommufd.unmap(ioas, -PAGE, 2 * PAGE));
    refused(ENOENT, iommufd.unmap(ioas, -PAGE, PAGE));
  }

  @Test
  void allOfItGoesAtOnce(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    int ioas = ok(iommufd.ioasAlloc());
    UserPages pages = test.pages(1);
    assertEquals(0, iommufd.unmapAll(ioas));
    for (int i = 0; i < 10; i++) {
      ok(iommufd.mapFixed(ioas, pages.address(), PAGE, IOVA + i * 2L * PAGE));
    }
    assertEquals(10 * PAGE, iommufd.unmapAll(ioas));
    assertEquals(0, iommufd.unmapAll(ioas));
  }

  @Test
  void nothingNeedsToBeUnmappedBeforeDestroy(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    int ioas = ok(iommufd.ioasAlloc());
    ok(iommufd.mapFixed(ioas, test.pages(1).address(), PAGE, IOVA));
    ok(iommufd.destroy(ioas));
  }

  @Test
  void behindADomainItIsTheSame(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    int ioas = bound.ioas();
    bound.hwpt(ioas);
    OpenIommufd iommufd = bound.iommufd();
    UserPages pages = test.pages(4);
    ok(iommufd.mapFixed(ioas, pages.address(), 4 * PAGE, IOVA));
    refused(ENOENT, iommufd.unmap(ioas, IOVA, PAGE));
    refused(ENOENT, iommufd.unmap(ioas, IOVA + 1, PAGE));
    assertEquals(4 * PAGE, iommufd.unmap(ioas, IOVA, 4 * PAGE));
  }

  @Test
  void onlyIoasIdsWillDo(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    int hwpt = bound.hwpt(bound.ioas());
    for (int id : new int[] {0, bound.id(), hwpt, 1000}) {
      refused(ENOENT, bound.iommufd().unmap(id, IOVA, PAGE));
    }
  }
}
