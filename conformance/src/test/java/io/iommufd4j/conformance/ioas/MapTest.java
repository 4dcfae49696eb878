// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.ioas;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.OpenIommufd.READ;
import static io.iommufd4j.conformance.OpenIommufd.READ_WRITE;
import static io.iommufd4j.conformance.UserPages.PAGE;
import static io.iommufd4j.kernel.Errno.EEXIST;
import static io.iommufd4j.kernel.Errno.EFAULT;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static io.iommufd4j.kernel.Errno.EOVERFLOW;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.bindings.iommufd.iommu_ioas_map;
import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.conformance.BoundDevice;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.UserPages;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.kernel.Request;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code IOMMU_IOAS_MAP} at an IOVA of the caller's choice. */
@Conformance
final class MapTest {

  private static final long IOVA = 0x100_0000;

  @Test
  void whatIsMappedIsMappedOnce(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    int ioas = ok(iommufd.ioasAlloc());
    UserPages pages = test.pages(2);
    ok(iommufd.mapFixed(ioas, pages.address(), pages.bytes(), IOVA));
    refused(EEXIST, iommufd.mapFixed(ioas, pages.address(), pages.bytes(), IOVA));
    assertEquals(pages.bytes(), iommufd.unmap(ioas, IOVA, pages.bytes()));
    ok(iommufd.mapFixed(ioas, pages.address(), pages.bytes(), IOVA));
  }

  @ParameterizedTest
  @ValueSource(longs = {-2, -1, 0, 1, 2})
  void anyOverlapIsRefused(long pagesOff, KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    int ioas = ok(iommufd.ioasAlloc());
    UserPages pages = test.pages(3);
    ok(iommufd.mapFixed(ioas, pages.address(), pages.bytes(), IOVA));
    long iova = IOVA + pagesOff * PAGE;
    refused(EEXIST, iommufd.mapFixed(ioas, pages.address(), pages.bytes(), iova));
  }

  @Test
  void neighboursAreNoOverlap(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    int ioas = ok(iommufd.ioasAlloc());
    UserPages pages = test.pages(1);
    ok(iommufd.mapFixed(ioas, pages.address(), PAGE, IOVA));
    ok(iommufd.mapFixed(ioas, pages.address(), PAGE, IOVA - PAGE));
    ok(iommufd.mapFixed(ioas, pages.address(), PAGE, IOVA + PAGE));
  }

  @Test
  void nothingIsTooLittle(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    int ioas = ok(iommufd.ioasAlloc());
    refused(EINVAL, iommufd.mapFixed(ioas, test.pages(1).address(), 0, IOVA));
  }

  @Test
  void whatWrapsAroundOverflows(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    int ioas = ok(iommufd.ioasAlloc());
    long page = test.pages(1).address();
    refused(EOVERFLOW, iommufd.mapFixed(ioas, page, PAGE, -1));
    refused(EOVERFLOW, iommufd.mapFixed(ioas, page, -1, IOVA));
    refused(EOVERFLOW, iommufd.mapFixed(ioas, page, PAGE, -PAGE + 1));
    refused(EOVERFLOW, iommufd.mapFixed(ioas, -PAGE, 2 * PAGE, IOVA));
    refused(test.older() ? EINVAL : EOVERFLOW, iommufd.mapFixed(ioas, page, -2, IOVA));
  }

  @Test
  void lastPageOfTheSpaceCanBeMapped(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    int ioas = ok(iommufd.ioasAlloc());
    ok(iommufd.mapFixed(ioas, test.pages(1).address(), PAGE, -PAGE));
    assertEquals(PAGE, iommufd.unmap(ioas, -PAGE, PAGE));
  }

  @Test
  void withoutDomainBytesNeedNoAlignment(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    int ioas = ok(iommufd.ioasAlloc());
    long page = test.pages(1).address();
    ok(iommufd.mapFixed(ioas, page + 3, 5, IOVA + 1));
    assertEquals(5, iommufd.unmap(ioas, IOVA + 1, 5));
  }

  @Test
  void behindADomainBytesAreAligned(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    int ioas = bound.ioas();
    bound.hwpt(ioas);
    long page = test.pages(2).address();
    OpenIommufd iommufd = bound.iommufd();
    refused(EINVAL, iommufd.mapFixed(ioas, page, PAGE, IOVA + 1));
    refused(EINVAL, iommufd.mapFixed(ioas, page, PAGE - 1, IOVA));
    refused(EINVAL, iommufd.mapFixed(ioas, page + 1, PAGE, IOVA));
    ok(iommufd.mapFixed(ioas, page, PAGE, IOVA));
  }

  @Test
  void withoutDomainMemoryIsNotLookedAt(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    int ioas = ok(iommufd.ioasAlloc());
    ok(iommufd.mapFixed(ioas, test.badAddress(), PAGE, IOVA));
  }

  @Test
  void behindADomainMemoryIsPinned(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    int ioas = bound.ioas();
    bound.hwpt(ioas);
    OpenIommufd iommufd = bound.iommufd();
    refused(EFAULT, iommufd.mapFixed(ioas, test.badAddress(), PAGE, IOVA));
    refused(ENOENT, iommufd.unmap(ioas, IOVA, PAGE));
    UserPages readOnly = test.readOnlyPages(1);
    refused(EFAULT, iommufd.mapFixed(ioas, readOnly.address(), PAGE, IOVA, READ_WRITE));
    ok(iommufd.mapFixed(ioas, readOnly.address(), PAGE, IOVA, READ));
  }

  @Test
  void domainThatComesLaterPinsToo(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    int ioas = bound.ioas();
    OpenIommufd iommufd = bound.iommufd();
    ok(iommufd.mapFixed(ioas, test.badAddress(), PAGE, IOVA));
    refused(EFAULT, iommufd.hwptAlloc(bound.id(), ioas));
    assertEquals(PAGE, iommufd.unmap(ioas, IOVA, PAGE));
    ok(iommufd.hwptAlloc(bound.id(), ioas));
  }

  @Test
  void onlyIoasIdsWillDo(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    int hwpt = bound.hwpt(bound.ioas());
    long page = test.pages(1).address();
    for (int id : new int[] {0, bound.id(), hwpt, 1000}) {
      refused(ENOENT, bound.iommufd().mapFixed(id, page, PAGE, IOVA));
    }
  }

  @Test
  void unwritableBlockLeavesTheMapping(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    int ioas = ok(iommufd.ioasAlloc());
    long page = test.pages(1).address();
    var block =
        test.readOnly(memory -> {
          iommu_ioas_map.size(memory, (int) iommu_ioas_map.sizeof());
          iommu_ioas_map.flags(memory, iommufd_h.IOMMU_IOAS_MAP_FIXED_IOVA() | READ);
          iommu_ioas_map.ioas_id(memory, ioas);
          iommu_ioas_map.user_va(memory, page);
          iommu_ioas_map.length(memory, PAGE);
          iommu_ioas_map.iova(memory, IOVA);
        });
    refused(EFAULT, iommufd.ioctl(Request.IOMMU_IOAS_MAP.number(), block));
    assertEquals(PAGE, iommufd.unmap(ioas, IOVA, PAGE));
  }
}
