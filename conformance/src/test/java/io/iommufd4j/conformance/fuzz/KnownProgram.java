// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.fuzz;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.kernel.Errno.EBUSY;
import static io.iommufd4j.kernel.Errno.EEXIST;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.conformance.BoundDevice;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.UserPages;
import io.iommufd4j.pci.PciAddress;

/**
 * A program whose answers are known to the last id: it gives the same ones whatever happened before
 * in other contexts and on other devices.
 */
final class KnownProgram {

  private static final long IOVA = 0x10_0000;

  private KnownProgram() {}

  static void run(KernelUnderTest test, PciAddress address) {
    OpenIommufd iommufd = test.iommufd();
    BoundDevice bound = test.bound(iommufd, address);
    assertEquals(1, bound.id());
    assertEquals(2, ok(iommufd.ioasAlloc()));
    assertEquals(3, ok(iommufd.ioasAlloc()));
    assertEquals(4, ok(iommufd.hwptAlloc(1, 2)));
    UserPages page = test.pages(1);
    ok(iommufd.mapFixed(2, page.address(), page.bytes(), IOVA));
    refused(EEXIST, iommufd.mapFixed(2, page.address(), page.bytes(), IOVA));
    ok(iommufd.copy(2, IOVA, 3, IOVA, page.bytes()));
    assertEquals(4, ok(bound.device().attach(4)));
    assertEquals(5, ok(bound.device().attach(3)));
    ok(iommufd.destroy(4));
    refused(EBUSY, iommufd.destroy(5));
    ok(bound.device().detach());
    refused(ENOENT, iommufd.destroy(5));
    assertEquals(page.bytes(), iommufd.unmapAll(3));
    ok(iommufd.destroy(3));
    bound.device().close();
    iommufd.close();
    page.close();
  }
}
