// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.ioas;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.same;
import static io.iommufd4j.conformance.UserPages.HUGE_PAGE;

import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.UserPages;
import io.iommufd4j.conformance.extension.Conformance;
import org.junit.jupiter.api.Test;

/** {@code IOMMU_IOAS_MAP} of memory from the kernel's pool of huge pages. */
@Conformance
final class HugePageTest {

  @Test
  void areAlignedAndMapAsAnyMemory(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    int ioas = ok(iommufd.ioasAlloc());
    UserPages pages = test.hugePages(2);
    same(0, pages.address() % HUGE_PAGE);
    pages.fill("huge");
    ok(iommufd.mapFixed(ioas, pages.address(), pages.bytes(), HUGE_PAGE));
    same(pages.bytes(), iommufd.unmapAll(ioas));
  }
}
