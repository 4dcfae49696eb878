// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.group;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.kernel.Errno.EBUSY;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.EPERM;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.conformance.BoundDevice;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.extension.Conformance;
import org.junit.jupiter.api.Test;

/** Two functions that form one group. */
@Conformance
final class GroupTest {

  /** A group whose functions are bound to one iommufd, with two HWPTs for them. */
  private static final class Pair {
    final OpenIommufd iommufd;
    final BoundDevice first;
    final BoundDevice second;
    final int ioas;
    final int one;
    final int other;

    Pair(KernelUnderTest test) {
      iommufd = test.iommufd();
      first = test.bound(iommufd, test.machine().pair().getFirst());
      second = test.bound(iommufd, test.machine().pair().getLast());
      ioas = first.ioas();
      one = first.hwpt(ioas);
      other = first.hwpt(ioas);
    }
  }

  @Test
  void siblingAttachesToTheGroupsHwptOnly(KernelUnderTest test) {
    var pair = new Pair(test);
    ok(pair.first.device().attach(pair.one));
    refused(EINVAL, pair.second.device().attach(pair.other));
    assertEquals(pair.one, ok(pair.second.device().attach(pair.one)));
  }

  @Test
  void hwptOfOneServesTheOther(KernelUnderTest test) {
    var pair = new Pair(test);
    assertEquals(pair.one, ok(pair.second.device().attach(pair.one)));
    assertEquals(pair.one, ok(pair.first.device().attach(pair.one)));
  }

  @Test
  void replaceThroughEitherMovesTheReferencesOfBoth(KernelUnderTest test) {
    var pair = new Pair(test);
    ok(pair.first.device().attach(pair.one));
    ok(pair.second.device().attach(pair.one));
    ok(pair.first.device().attach(pair.other));
    refused(EBUSY, pair.iommufd.destroy(pair.other));
    ok(pair.iommufd.destroy(pair.one));
    ok(pair.first.device().detach());
    refused(EBUSY, pair.iommufd.destroy(pair.other));
    ok(pair.second.device().detach());
    ok(pair.iommufd.destroy(pair.other));
  }

  @Test
  void groupFollowsReplaceThroughTheSecond(KernelUnderTest test) {
    var pair = new Pair(test);
    ok(pair.first.device().attach(pair.one));
    ok(pair.second.device().attach(pair.one));
    ok(pair.second.device().attach(pair.other));
    refused(EBUSY, pair.iommufd.destroy(pair.other));
    ok(pair.first.device().attach(pair.other));
    ok(pair.iommufd.destroy(pair.one));
  }

  @Test
  void automaticHwptIsSharedByTheGroup(KernelUnderTest test) {
    var pair = new Pair(test);
    int ioas = pair.first.ioas();
    int hwpt = ok(pair.first.device().attach(ioas));
    assertEquals(hwpt, ok(pair.second.device().attach(ioas)));
    ok(pair.first.device().detach());
    assertEquals(hwpt, ok(pair.first.device().attach(ioas)));
  }

  @Test
  void lastOneOutFreesTheGroupForAnotherHwpt(KernelUnderTest test) {
    var pair = new Pair(test);
    ok(pair.first.device().attach(pair.one));
    ok(pair.second.device().attach(pair.one));
    ok(pair.first.device().detach());
    refused(EINVAL, pair.first.device().attach(pair.other));
    ok(pair.second.device().detach());
    assertEquals(pair.other, ok(pair.first.device().attach(pair.other)));
  }

  /**
   * Alone attached in its group, a device may replace what its idle sibling could not attach to.
   */
  @Test
  void siblingThatIsNotAttachedIsNoHindrance(KernelUnderTest test) {
    var pair = new Pair(test);
    ok(pair.first.device().attach(pair.one));
    assertEquals(pair.other, ok(pair.first.device().attach(pair.other)));
    refused(EINVAL, pair.second.device().attach(pair.one));
  }

  @Test
  void groupBelongsToOneContext(KernelUnderTest test) {
    var pair = new Pair(test);
    pair.second.device().close();
    refused(EPERM, test.device(test.machine().pair().getLast()).bind(test.iommufd()));
    pair.first.device().close();
    test.bound(test.machine().pair().getLast());
  }

  @Test
  void deviceOfAnotherGroupSharesTheHwpt(KernelUnderTest test) {
    var pair = new Pair(test);
    BoundDevice lone = test.bound(pair.iommufd, test.machine().lone().getFirst());
    ok(pair.first.device().attach(pair.one));
    assertEquals(pair.one, ok(lone.device().attach(pair.one)));
    ok(lone.device().attach(pair.other));
    refused(EBUSY, pair.iommufd.destroy(pair.one));
    ok(lone.device().detach());
    ok(pair.iommufd.destroy(pair.other));
  }

  @Test
  void closingADeviceDetachesIt(KernelUnderTest test) {
    var pair = new Pair(test);
    ok(pair.first.device().attach(pair.one));
    ok(pair.second.device().attach(pair.one));
    pair.first.device().close();
    refused(EBUSY, pair.iommufd.destroy(pair.one));
    pair.second.device().close();
    ok(pair.iommufd.destroy(pair.one));
  }
}
