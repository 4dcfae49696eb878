// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.ioas;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.OpenIommufd.READ;
import static io.iommufd4j.conformance.OpenIommufd.READ_WRITE;
import static io.iommufd4j.conformance.UserPages.PAGE;
import static io.iommufd4j.kernel.Errno.EEXIST;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static io.iommufd4j.kernel.Errno.EOVERFLOW;
import static io.iommufd4j.kernel.Errno.EPERM;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.UserPages;
import io.iommufd4j.conformance.extension.Conformance;
import org.junit.jupiter.api.Test;

/** {@code IOMMU_IOAS_COPY}: the same pages once more, in the same IOAS or another. */
@Conformance
final class CopyTest {

  private static final long FROM = 0x100_0000;
  private static final long TO = 0x200_0000;

  @Test
  void copyOutlivesItsSource(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    int source = ok(iommufd.ioasAlloc());
    int target = ok(iommufd.ioasAlloc());
    ok(iommufd.mapFixed(source, test.pages(2).address(), 2 * PAGE, FROM));
    ok(iommufd.copy(source, FROM, target, TO, 2 * PAGE));
    ok(iommufd.destroy(source));
    assertEquals(2 * PAGE, iommufd.unmap(target, TO, 2 * PAGE));
  }

  @Test
  void partOfAMappingCanBeCopied(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    int ioas = ok(iommufd.ioasAlloc());
    ok(iommufd.mapFixed(ioas, test.pages(4).address(), 4 * PAGE, FROM));
    ok(iommufd.copy(ioas, FROM + PAGE, ioas, TO, 2 * PAGE));
    assertEquals(2 * PAGE, iommufd.unmap(ioas, TO, 2 * PAGE));
  }

  @Test
  void copyMaySpanMappingsButNoHole(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    int ioas = ok(iommufd.ioasAlloc());
    UserPages pages = test.pages(2);
    ok(iommufd.mapFixed(ioas, pages.address(), 2 * PAGE, FROM));
    ok(iommufd.mapFixed(ioas, pages.address(), 2 * PAGE, FROM + 2 * PAGE));
    ok(iommufd.mapFixed(ioas, pages.address(), PAGE, FROM + 5 * PAGE));
    ok(iommufd.copy(ioas, FROM + PAGE, ioas, TO, 2 * PAGE));
    refused(ENOENT, iommufd.copy(ioas, FROM + PAGE, ioas, TO + 8 * PAGE, 4 * PAGE));
    refused(ENOENT, iommufd.copy(ioas, FROM + 4 * PAGE, ioas, TO + 8 * PAGE, PAGE));
    assertEquals(2 * PAGE, iommufd.unmap(ioas, TO, 32 * PAGE));
  }

  @Test
  void targetMustBeFree(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    int ioas = ok(iommufd.ioasAlloc());
    ok(iommufd.mapFixed(ioas, test.pages(2).address(), 2 * PAGE, FROM));
    refused(EEXIST, iommufd.copy(ioas, FROM, ioas, FROM + PAGE, PAGE));
  }

  @Test
  void copyGivesNoMoreThanWasMapped(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    int ioas = ok(iommufd.ioasAlloc());
    UserPages pages = test.pages(1);
    ok(iommufd.mapFixed(ioas, pages.address(), PAGE, FROM, READ));
    refused(EPERM, iommufd.copy(ioas, FROM, ioas, TO, PAGE, READ_WRITE));
    ok(iommufd.copy(ioas, FROM, ioas, TO, PAGE, READ));
  }

  @Test
  void impossibleRangesAreRefused(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    int ioas = ok(iommufd.ioasAlloc());
    ok(iommufd.mapFixed(ioas, test.pages(1).address(), PAGE, FROM));
    refused(EOVERFLOW, iommufd.copy(ioas, FROM, ioas, TO, -1));
    refused(EOVERFLOW, iommufd.copy(ioas, -1, ioas, TO, PAGE));
    refused(EOVERFLOW, iommufd.copy(ioas, FROM, ioas, -1, PAGE));
    refused(EINVAL, iommufd.copy(ioas, FROM, ioas, TO, 0));
    refused(EOVERFLOW, iommufd.copy(ioas, FROM, ioas, -PAGE + 1, PAGE));
  }

  @Test
  void bothIoasesMustBeThere(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    int ioas = ok(iommufd.ioasAlloc());
    ok(iommufd.mapFixed(ioas, test.pages(1).address(), PAGE, FROM));
    refused(ENOENT, iommufd.copy(1000, FROM, ioas, TO, PAGE));
    refused(ENOENT, iommufd.copy(ioas, FROM, 1000, TO, PAGE));
  }
}
