// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.limits;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.conformance.Answers;
import io.iommufd4j.conformance.BoundDevice;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.UserPages;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.conformance.extension.MemlockLimit;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Request;
import org.junit.jupiter.api.Test;

@Conformance
@MemlockLimit(pages = 16)
class MemlockTest {

  private static final long PAGE = UserPages.PAGE;
  private static final long IOVA = 0x100_0000;
  private static final int RLIMIT_MODE = iommufd_h.IOMMU_OPTION_RLIMIT_MODE();

  private static BoundDevice bound(KernelUnderTest test) {
    return test.bound(test.machine().lone().getFirst());
  }

  @Test
  void thePageOverTheLimitIsRefused(KernelUnderTest test) {
    BoundDevice device = bound(test);
    var account = new Account(test);
    var pages = test.pages(32);
    int ioas = device.ioas();
    device.hwpt(ioas);
    Answers.ok(device.iommufd().mapFixed(ioas, pages.address(), 15 * PAGE, IOVA));
    account.shows(0, 15);
    Answers.refused(
        Errno.ENOMEM,
        device.iommufd().mapFixed(ioas, pages.address() + 15 * PAGE, 2 * PAGE, IOVA + 15 * PAGE));
    account.shows(0, 15);
    Answers.ok(
        device.iommufd().mapFixed(ioas, pages.address() + 15 * PAGE, PAGE, IOVA + 15 * PAGE));
    account.shows(0, 16);
    Answers.refused(
        Errno.ENOMEM,
        device.iommufd().mapFixed(ioas, pages.address() + 16 * PAGE, PAGE, IOVA + 16 * PAGE));
    Answers.same(15 * PAGE, device.iommufd().unmap(ioas, IOVA, 15 * PAGE));
    account.shows(0, 1);
    Answers.ok(device.iommufd().mapFixed(ioas, pages.address(), 15 * PAGE, IOVA));
  }

  @Test
  void aRefusedMapLeavesRoomForAnother(KernelUnderTest test) {
    BoundDevice device = bound(test);
    var account = new Account(test);
    var pages = test.pages(32);
    int ioas = device.ioas();
    device.hwpt(ioas);
    Answers.refused(
        Errno.ENOMEM, device.iommufd().mapFixed(ioas, pages.address(), 17 * PAGE, IOVA));
    account.shows(0, 0);
    Answers.ok(device.iommufd().mapFixed(ioas, pages.address(), 16 * PAGE, IOVA));
  }

  @Test
  void nothingCountsBeforeADomainPinsIt(KernelUnderTest test) {
    BoundDevice device = bound(test);
    var account = new Account(test);
    var pages = test.pages(32);
    int ioas = device.ioas();
    Answers.ok(device.iommufd().mapFixed(ioas, pages.address(), 12 * PAGE, IOVA));
    Answers.ok(device.iommufd().mapFixed(ioas, pages.address() + 12 * PAGE, 5 * PAGE, 2 * IOVA));
    account.shows(0, 0);
    Answers.refused(Errno.ENOMEM, device.iommufd().hwptAlloc(device.id(), ioas));
    account.shows(0, 0);
    Answers.refused(Errno.ENOMEM, device.device().attach(ioas));
    account.shows(0, 0);
    Answers.same(5 * PAGE, device.iommufd().unmap(ioas, 2 * IOVA, 5 * PAGE));
    int first = device.hwpt(ioas);
    account.shows(0, 12);
    int second = device.hwpt(ioas);
    account.shows(0, 12);
    Answers.ok(device.iommufd().destroy(first));
    account.shows(0, 12);
    Answers.ok(device.iommufd().destroy(second));
    account.shows(0, 0);
  }

  @Test
  void aCopySharesWhatIsPaidForAndASecondMapPaysAgain(KernelUnderTest test) {
    BoundDevice device = bound(test);
    var account = new Account(test);
    var pages = test.pages(16);
    int from = device.ioas();
    int to = device.ioas();
    device.hwpt(from);
    device.hwpt(to);
    Answers.ok(device.iommufd().mapFixed(from, pages.address(), 8 * PAGE, IOVA));
    Answers.ok(device.iommufd().copy(from, IOVA, to, IOVA, 8 * PAGE));
    Answers.ok(device.iommufd().copy(from, IOVA + 2 * PAGE, to, 2 * IOVA, 4 * PAGE));
    account.shows(0, 8);
    Answers.ok(device.iommufd().mapFixed(to, pages.address(), 8 * PAGE, 3 * IOVA));
    account.shows(0, 16);
    Answers.refused(Errno.ENOMEM, device.iommufd().mapFixed(from, pages.address(), PAGE, 3 * IOVA));
    Answers.same(8 * PAGE, device.iommufd().unmap(from, IOVA, 8 * PAGE));
    account.shows(0, 16);
    Answers.same(8 * PAGE, device.iommufd().unmap(to, IOVA, 8 * PAGE));
    account.shows(0, 12);
    Answers.same(4 * PAGE, device.iommufd().unmap(to, 2 * IOVA, 4 * PAGE));
    account.shows(0, 8);
  }

  @Test
  void filesCountLikeMemory(KernelUnderTest test) {
    BoundDevice device = bound(test);
    var account = new Account(test);
    int file = test.memfd(32);
    int ioas = device.ioas();
    device.hwpt(ioas);
    Answers.refused(Errno.ENOMEM, device.iommufd().mapFile(ioas, file, 0, 17 * PAGE, IOVA));
    account.shows(0, 0);
    Answers.ok(device.iommufd().mapFile(ioas, file, 0, 16 * PAGE, IOVA));
    account.shows(0, 16);
    Answers.ok(device.iommufd().ioctl(device.iommufd().block(Request.IOMMU_IOAS_CHANGE_PROCESS)));
    account.shows(0, 16);
  }

  @Test
  void everyContextOfTheUserCountsTogether(KernelUnderTest test) {
    BoundDevice first = bound(test);
    BoundDevice second = test.bound(test.machine().lone().getLast());
    var account = new Account(test);
    var pages = test.pages(16);
    int ioas = first.ioas();
    int other = second.ioas();
    first.hwpt(ioas);
    second.hwpt(other);
    Answers.ok(first.iommufd().mapFixed(ioas, pages.address(), 10 * PAGE, IOVA));
    Answers.refused(
        Errno.ENOMEM, second.iommufd().mapFixed(other, pages.address(), 7 * PAGE, IOVA));
    Answers.ok(second.iommufd().mapFixed(other, pages.address(), 6 * PAGE, IOVA));
    account.shows(0, 16);
  }

  @Test
  void aProcessIsLimitedByItself(KernelUnderTest test) {
    BoundDevice user = bound(test);
    var iommufd = test.iommufd();
    Answers.ok(iommufd.setOption(RLIMIT_MODE, 0, 1));
    BoundDevice process = test.bound(iommufd, test.machine().lone().getLast());
    var account = new Account(test);
    var pages = test.pages(17);
    int ioas = user.ioas();
    int other = process.ioas();
    user.hwpt(ioas);
    process.hwpt(other);
    Answers.ok(user.iommufd().mapFixed(ioas, pages.address(), 16 * PAGE, IOVA));
    account.shows(0, 16);
    Answers.refused(
        Errno.ENOMEM, process.iommufd().mapFixed(other, pages.address(), 17 * PAGE, IOVA));
    Answers.ok(process.iommufd().mapFixed(other, pages.address(), 16 * PAGE, IOVA));
    account.shows(16, 32);
    Answers.refused(
        Errno.ENOMEM, process.iommufd().mapFixed(other, pages.address(), PAGE, 2 * IOVA));
    Answers.same(16 * PAGE, process.iommufd().unmap(other, IOVA, 16 * PAGE));
    account.shows(0, 16);
    assertEquals(1, process.iommufd().option(RLIMIT_MODE, 0));
  }
}
