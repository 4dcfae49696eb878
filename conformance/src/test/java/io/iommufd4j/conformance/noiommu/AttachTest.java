// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.noiommu;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.UserPages.PAGE;
import static io.iommufd4j.kernel.Errno.EADDRINUSE;
import static io.iommufd4j.kernel.Errno.EBUSY;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.conformance.BoundDevice;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.pci.PciAddress;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

/** Attach, replace and detach where nothing translates: only the bookkeeping is left. */
@Conformance
@WithoutIommu
final class AttachTest {

  private static final long IOVA = 0x100_0000;
  private static final long INTERRUPTS = 0xfee0_0000L;

  private static BoundDevice device(KernelUnderTest test) {
    return test.bound(test.machine().lone().getFirst());
  }

  @Test
  void ioasIsCarriedByAnAutomaticHwpt(KernelUnderTest test) {
    BoundDevice bound = device(test);
    int ioas = bound.ioas();
    int hwpt = ok(bound.device().attach(ioas));
    assertEquals(ioas + 1, hwpt);
    refused(EBUSY, bound.iommufd().destroy(hwpt));
    refused(EBUSY, bound.iommufd().destroy(ioas));
    ok(bound.device().detach());
    refused(ENOENT, bound.iommufd().destroy(hwpt));
    ok(bound.device().detach());
    ok(bound.iommufd().destroy(ioas));
  }

  @Test
  void devicesShareIt(KernelUnderTest test) {
    BoundDevice first = device(test);
    BoundDevice second = test.bound(first.iommufd(), test.machine().lone().get(1));
    int ioas = first.ioas();
    int hwpt = ok(first.device().attach(ioas));
    assertEquals(hwpt, ok(second.device().attach(ioas)));
    ok(first.device().detach());
    refused(EBUSY, first.iommufd().destroy(hwpt));
    ok(second.device().detach());
    refused(ENOENT, first.iommufd().destroy(hwpt));
  }

  @Test
  void eachDeviceIsReplacedByItself(KernelUnderTest test) {
    BoundDevice first = device(test);
    BoundDevice second = test.bound(first.iommufd(), test.machine().lone().get(1));
    int hwpt = first.hwpt(first.ioas());
    int next = second.hwpt(first.ioas());
    assertEquals(hwpt, ok(first.device().attach(hwpt)));
    assertEquals(hwpt, ok(second.device().attach(hwpt)));
    assertEquals(next, ok(first.device().attach(next)));
    refused(EBUSY, first.iommufd().destroy(hwpt));
    assertEquals(next, ok(second.device().attach(next)));
    ok(first.iommufd().destroy(hwpt));
    refused(EBUSY, first.iommufd().destroy(next));
  }

  @Test
  void replaceChangesWhatIsCounted(KernelUnderTest test) {
    BoundDevice bound = device(test);
    int first = bound.ioas();
    int second = bound.ioas();
    int automatic = ok(bound.device().attach(first));
    assertEquals(automatic, ok(bound.device().attach(first)));
    int next = ok(bound.device().attach(second));
    assertNotEquals(automatic, next);
    refused(ENOENT, bound.iommufd().destroy(automatic));
    ok(bound.iommufd().destroy(first));
    refused(ENOENT, bound.device().attach(first));
    refused(EINVAL, bound.device().attach(bound.id()));
    assertEquals(next, ok(bound.device().attach(next)));
  }

  @Test
  void noIovaIsReserved(KernelUnderTest test) {
    BoundDevice bound = device(test);
    int ioas = bound.ioas();
    ok(bound.iommufd().mapFixed(ioas, test.pages(1).address(), PAGE, INTERRUPTS));
    ok(bound.device().attach(ioas));
    MemorySegment ranges = test.arena().allocate(ValueLayout.JAVA_LONG, 8);
    assertEquals(1, bound.iommufd().iovaRanges(ioas, 4, ranges));
    assertEquals(0, ranges.getAtIndex(ValueLayout.JAVA_LONG, 0));
    assertEquals(-1, ranges.getAtIndex(ValueLayout.JAVA_LONG, 1));
    ok(bound.iommufd().allowIovas(ioas, 0, 0xffff_ffffL));
  }

  @Test
  void iovasAreOfWholePages(KernelUnderTest test) {
    BoundDevice bound = device(test);
    int ioas = bound.ioas();
    long address = test.pages(1).address();
    ok(bound.iommufd().mapFixed(ioas, address, 1, IOVA));
    refused(EADDRINUSE, bound.device().attach(ioas));
    refused(EADDRINUSE, bound.iommufd().hwptAlloc(bound.id(), ioas));
    assertEquals(1, bound.iommufd().unmap(ioas, IOVA, 1));
    ok(bound.device().attach(ioas));
    refused(EINVAL, bound.iommufd().mapFixed(ioas, address, 1, IOVA));
    ok(bound.iommufd().mapFixed(ioas, address, PAGE, -2 * PAGE));
  }

  @Test
  void pageSizesAreThePowersOfTwo(KernelUnderTest test) {
    BoundDevice bound = device(test);
    int ioas = bound.ioas();
    OpenIommufd iommufd = bound.iommufd();
    ok(
        iommufd.ioctl(
            iommufd
                .block(Request.IOMMU_VFIO_IOAS)
                .set("ioas_id", ioas)
                .set("op", iommufd_h.IOMMU_VFIO_IOAS_SET())));
    bound.hwpt(ioas);
    var info = iommufd.block(Request.VFIO_IOMMU_GET_INFO);
    ok(iommufd.ioctl(info));
    // None of 512 GiB, which AMD's hardware gets wrong; the format is AMD's.
    assertEquals(((1L << 52) - PAGE) ^ (1L << 39), info.get("iova_pgsizes"));
  }

  @Test
  void pasidsAreNotAttached(KernelUnderTest test) {
    BoundDevice bound = device(test);
    int ioas = bound.ioas();
    int hwpt = bound.hwpt(ioas);
    refused(EINVAL, bound.device().attachPasid(1, ioas));
    refused(EINVAL, bound.device().attachPasid(1, hwpt));
    ok(bound.device().attach(ioas));
    refused(EINVAL, bound.device().attachPasid(1, ioas));
    refused(EBUSY, bound.device().attachPasid(0, ioas));
    refused(ENOENT, bound.device().attachPasid(1, 4711));
  }

  @Test
  void lastCloseDetaches(KernelUnderTest test) {
    PciAddress address = test.machine().lone().getFirst();
    OpenIommufd iommufd = test.iommufd();
    BoundDevice bound = test.bound(iommufd, address);
    int ioas = bound.ioas();
    int hwpt = ok(bound.device().attach(ioas));
    bound.device().close();
    refused(ENOENT, iommufd.destroy(hwpt));
    ok(iommufd.destroy(ioas));
    assertEquals(1, test.bound(iommufd, address).id());
  }
}
