// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.ids;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.kernel.Errno.EBUSY;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static io.iommufd4j.kernel.Errno.EOPNOTSUPP;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.conformance.BoundDevice;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.extension.Conformance;
import org.junit.jupiter.api.Test;

/** One table of ids for all kinds of objects of a context. */
@Conformance
final class ObjectIdTest {

  @Test
  void idsCountFromOne(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    for (int id = 1; id <= 5; id++) {
      assertEquals(id, ok(iommufd.ioasAlloc()));
    }
  }

  @Test
  void lowestFreeIdComesNext(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    for (int id = 1; id <= 5; id++) {
      assertEquals(id, ok(iommufd.ioasAlloc()));
    }
    ok(iommufd.destroy(4));
    ok(iommufd.destroy(2));
    assertEquals(2, ok(iommufd.ioasAlloc()));
    assertEquals(4, ok(iommufd.ioasAlloc()));
    assertEquals(6, ok(iommufd.ioasAlloc()));
  }

  @Test
  void contextsHaveTablesOfTheirOwn(KernelUnderTest test) {
    OpenIommufd one = test.iommufd();
    OpenIommufd other = test.iommufd();
    assertEquals(1, ok(one.ioasAlloc()));
    assertEquals(1, ok(other.ioasAlloc()));
    ok(one.destroy(1));
    refused(ENOENT, one.destroy(1));
    ok(other.destroy(1));
  }

  @Test
  void unknownIdsAreNotThere(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    int ioas = ok(iommufd.ioasAlloc());
    for (int id : new int[] {0, ioas + 1, 1000, Integer.MAX_VALUE, -1}) {
      refused(ENOENT, iommufd.destroy(id));
    }
    ok(iommufd.destroy(ioas));
    refused(ENOENT, iommufd.destroy(ioas));
  }

  @Test
  void devicesAndHwptsShareTheTable(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    assertEquals(1, ok(iommufd.ioasAlloc()));
    BoundDevice bound = test.bound(iommufd, test.machine().lone().getFirst());
    assertEquals(2, bound.id());
    assertEquals(3, ok(iommufd.hwptAlloc(bound.id(), 1)));
    ok(iommufd.destroy(3));
    assertEquals(3, ok(iommufd.ioasAlloc()));
  }

  @Test
  void boundDeviceIsBusyAndItsIdGoesWithItsFile(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    BoundDevice bound = test.bound(iommufd, test.machine().lone().getFirst());
    refused(EBUSY, iommufd.destroy(bound.id()));
    bound.device().close();
    refused(ENOENT, iommufd.destroy(bound.id()));
    assertEquals(bound.id(), ok(iommufd.ioasAlloc()));
  }

  @Test
  void ioasWithHwptIsBusy(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    int ioas = bound.ioas();
    int hwpt = bound.hwpt(ioas);
    refused(EBUSY, bound.iommufd().destroy(ioas));
    ok(bound.iommufd().destroy(hwpt));
    ok(bound.iommufd().destroy(ioas));
  }

  @Test
  void attachedHwptIsBusy(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    int hwpt = bound.hwpt(bound.ioas());
    assertEquals(hwpt, ok(bound.device().attach(hwpt)));
    refused(EBUSY, bound.iommufd().destroy(hwpt));
    ok(bound.device().detach());
    ok(bound.iommufd().destroy(hwpt));
  }

  @Test
  void refusedAllocationGivesItsIdBack(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    int ioas = bound.ioas();
    refused(EOPNOTSUPP, bound.iommufd().hwptAlloc(bound.id(), ioas, 1 << 16));
    assertEquals(ioas + 1, bound.ioas());
  }

  @Test
  void contextLivesAsLongAsItsDevice(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    int hwpt = bound.hwpt(bound.ioas());
    ok(bound.device().attach(hwpt));
    bound.iommufd().close();
    assertEquals(hwpt, ok(bound.device().attach(hwpt)), "the context went with its descriptor");
    ok(bound.device().detach());
  }

  @Test
  void duplicateDescriptorReachesTheSameContext(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    int ioas = ok(iommufd.ioasAlloc());
    OpenIommufd twin = test.duplicate(iommufd);
    iommufd.close();
    ok(twin.destroy(ioas));
  }
}
