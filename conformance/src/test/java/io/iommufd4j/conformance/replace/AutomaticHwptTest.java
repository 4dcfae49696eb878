// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.replace;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.kernel.Errno.EBUSY;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.iommufd4j.conformance.BoundDevice;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.extension.Conformance;
import org.junit.jupiter.api.Test;

/** Attached to an IOAS a device gets a HWPT that lives as long as somebody is attached. */
@Conformance
final class AutomaticHwptTest {

  @Test
  void itsIdIsWrittenBack(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    int ioas = bound.ioas();
    int hwpt = ok(bound.device().attach(ioas));
    assertNotEquals(ioas, hwpt);
    assertEquals(hwpt, ok(bound.device().attach(hwpt)));
    refused(EBUSY, bound.iommufd().destroy(hwpt));
    refused(EBUSY, bound.iommufd().destroy(ioas));
  }

  @Test
  void itGoesWithTheLastDetach(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    int ioas = bound.ioas();
    int hwpt = ok(bound.device().attach(ioas));
    ok(bound.device().detach());
    refused(ENOENT, bound.iommufd().destroy(hwpt));
    ok(bound.iommufd().destroy(ioas));
  }

  @Test
  void itGoesWhenReplaced(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    int automatic = ok(bound.device().attach(bound.ioas()));
    int other = bound.hwpt(bound.ioas());
    ok(bound.device().attach(other));
    refused(ENOENT, bound.iommufd().destroy(automatic));
    ok(bound.device().detach());
    ok(bound.iommufd().destroy(other));
  }

  @Test
  void itIsUsedAgainForTheSameIoas(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    BoundDevice first = test.bound(iommufd, test.machine().lone().getFirst());
    BoundDevice second = test.bound(iommufd, test.machine().lone().getLast());
    int ioas = first.ioas();
    int hwpt = ok(first.device().attach(ioas));
    assertEquals(hwpt, ok(first.device().attach(ioas)));
    assertEquals(hwpt, ok(second.device().attach(ioas)));
    ok(first.device().detach());
    refused(EBUSY, iommufd.destroy(hwpt));
    ok(second.device().detach());
    refused(ENOENT, iommufd.destroy(hwpt));
  }

  @Test
  void hwptMadeByHandIsNeverPicked(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    int ioas = bound.ioas();
    int manual = bound.hwpt(ioas);
    assertNotEquals(manual, ok(bound.device().attach(ioas)));
    ok(bound.iommufd().destroy(manual));
  }

  @Test
  void replaceByIoasFromHwptMadeByHand(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    int manual = bound.hwpt(bound.ioas());
    ok(bound.device().attach(manual));
    int ioas = bound.ioas();
    int automatic = ok(bound.device().attach(ioas));
    ok(bound.iommufd().destroy(manual));
    ok(bound.device().detach());
    refused(ENOENT, bound.iommufd().destroy(automatic));
  }

  @Test
  void replaceByIoasMovesToANewAutomaticOne(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    int one = bound.ioas();
    int other = bound.ioas();
    int before = ok(bound.device().attach(one));
    int after = ok(bound.device().attach(other));
    assertNotEquals(before, after);
    refused(ENOENT, bound.iommufd().destroy(before));
    ok(bound.iommufd().destroy(one));
  }

  @Test
  void groupOfTwoKeepsItUntilBothAreGone(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    BoundDevice first = test.bound(iommufd, test.machine().pair().getFirst());
    BoundDevice second = test.bound(iommufd, test.machine().pair().getLast());
    int ioas = first.ioas();
    int automatic = ok(first.device().attach(ioas));
    ok(second.device().attach(ioas));
    int manual = first.hwpt(first.ioas());
    ok(first.device().attach(manual));
    refused(ENOENT, iommufd.destroy(automatic));
    ok(iommufd.destroy(ioas));
    ok(second.device().detach());
    refused(EBUSY, iommufd.destroy(manual));
  }
}
