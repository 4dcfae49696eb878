// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.replace;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.kernel.Errno.EBUSY;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.conformance.BoundDevice;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.extension.Conformance;
import org.junit.jupiter.api.Test;

/** A second attach replaces: the page table changes, the device stays attached. */
@Conformance
final class ReplaceTest {

  @Test
  void sameHwptAgainIsDoneAtOnce(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    int hwpt = bound.hwpt(bound.ioas());
    for (int i = 0; i < 3; i++) {
      assertEquals(hwpt, ok(bound.device().attach(hwpt)));
    }
    ok(bound.device().detach());
    ok(bound.iommufd().destroy(hwpt));
  }

  @Test
  void anotherHwptOfTheSameIoas(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    int ioas = bound.ioas();
    int one = bound.hwpt(ioas);
    int other = bound.hwpt(ioas);
    ok(bound.device().attach(one));
    assertEquals(other, ok(bound.device().attach(other)));
    ok(bound.iommufd().destroy(one));
    refused(EBUSY, bound.iommufd().destroy(other));
  }

  @Test
  void hwptOfAnotherIoasAndBack(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    int one = bound.hwpt(bound.ioas());
    int other = bound.hwpt(bound.ioas());
    ok(bound.device().attach(one));
    for (int i = 0; i < 3; i++) {
      assertEquals(other, ok(bound.device().attach(other)));
      assertEquals(one, ok(bound.device().attach(one)));
    }
    ok(bound.iommufd().destroy(other));
  }

  @Test
  void detachedDeviceIsAttached(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    int hwpt = bound.hwpt(bound.ioas());
    ok(bound.device().attach(hwpt));
    ok(bound.device().detach());
    ok(bound.device().detach());
    assertEquals(hwpt, ok(bound.device().attach(hwpt)));
  }

  @Test
  void refusedReplaceKeepsTheOldAttachment(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    OpenIommufd iommufd = bound.iommufd();
    int hwpt = bound.hwpt(bound.ioas());
    ok(bound.device().attach(hwpt));
    refused(ENOENT, bound.device().attach(0));
    refused(ENOENT, bound.device().attach(1000));
    refused(EINVAL, bound.device().attach(bound.id()));
    refused(EBUSY, iommufd.destroy(hwpt));
    assertEquals(hwpt, ok(bound.device().attach(hwpt)));
  }

  @Test
  void firstAttachIsCheckedAlike(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    refused(ENOENT, bound.device().attach(0));
    refused(ENOENT, bound.device().attach(1000));
    refused(EINVAL, bound.device().attach(bound.id()));
  }

  @Test
  void everyDeviceReplacesForItself(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    BoundDevice first = test.bound(iommufd, test.machine().lone().getFirst());
    BoundDevice second = test.bound(iommufd, test.machine().lone().getLast());
    int ioas = first.ioas();
    int one = first.hwpt(ioas);
    int other = second.hwpt(ioas);
    ok(first.device().attach(one));
    ok(second.device().attach(one));
    ok(first.device().attach(other));
    refused(EBUSY, iommufd.destroy(one));
    ok(second.device().attach(other));
    ok(iommufd.destroy(one));
  }
}
