// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.mock;

import static io.iommufd4j.bindings.selftest.selftest_h.*;
import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.Answers.same;
import static io.iommufd4j.kernel.Errno.EBADF;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENODEV;
import static io.iommufd4j.kernel.Errno.ENOENT;

import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.UserPages;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.conformance.selftest.driver.MockAccess;
import io.iommufd4j.conformance.selftest.driver.MockIommufd;
import io.iommufd4j.kernel.Request;
import org.junit.jupiter.api.Test;

/** DMA-BUFs of the mock: memory that is lent and taken back. */
@Conformance
final class BufferTest {

  private static final long PAGE = UserPages.PAGE;
  private static final long START = MOCK_APERTURE_START();

  /** Makes a buffer. Its descriptor is the lowest free one; the kernel does not return it. */
  private static int buffer(KernelUnderTest test, MockIommufd mock, int bytes) {
    int next = ok(test.kernel().dup(mock.iommufd().fd()));
    ok(test.kernel().close(next));
    same(0, mock.dmaBuf(bytes));
    test.closeAfter(next);
    return next;
  }

  @Test
  void hasItsBounds(KernelUnderTest test) {
    MockIommufd mock = MockIommufd.open(test);
    refused(EINVAL, mock.dmaBuf(0));
    refused(EINVAL, mock.dmaBuf((512 << 12) + 1));
    refused(EINVAL, mock.dmaBuf(-1));
    int ioas = ok(mock.iommufd().ioasAlloc());
    int buffer = buffer(test, mock, 1);
    ok(mock.iommufd().mapFile(ioas, buffer, 0, PAGE, START));
    refused(EINVAL, mock.iommufd().mapFile(ioas, buffer, 1, PAGE, START + PAGE));
    ok(mock.iommufd().mapFile(ioas, buffer, 1, PAGE - 1, START + PAGE));
  }

  @Test
  void otherFilesAreNotTakenBack(KernelUnderTest test) {
    MockIommufd mock = MockIommufd.open(test);
    refused(EBADF, mock.revokeDmaBuf(-1, true));
    refused(EBADF, mock.revokeDmaBuf(1 << 19, true));
    refused(EINVAL, mock.revokeDmaBuf(mock.iommufd().fd(), true));
    refused(EINVAL, mock.revokeDmaBuf(test.memfd(1), true));
  }

  @Test
  void onlyDevicesReachIt(KernelUnderTest test) {
    MockIommufd mock = MockIommufd.open(test);
    OpenIommufd iommufd = mock.iommufd();
    int ioas = ok(iommufd.ioasAlloc());
    int buffer = buffer(test, mock, (int) (2 * PAGE));
    ok(iommufd.mapFile(ioas, buffer, 0, 2 * PAGE, START));
    MockAccess access = mock.access(ioas, MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES());
    refused(EINVAL, access.pin(START, PAGE, 0));
    refused(EINVAL, access.transfer(START, 1, test.pages(1).address(), 0));
    refused(EINVAL, iommufd.ioctl(iommufd.block(Request.IOMMU_IOAS_CHANGE_PROCESS)));
  }

  @Test
  void isTakenBackFromEveryMapping(KernelUnderTest test) {
    MockIommufd mock = MockIommufd.open(test);
    OpenIommufd iommufd = mock.iommufd();
    int ioas = ok(iommufd.ioasAlloc());
    int other = ok(iommufd.ioasAlloc());
    int hwpt = mock.device(ioas).ok().hwpt();
    mock.device(other).ok();
    int buffer = buffer(test, mock, (int) (4 * PAGE));
    ok(iommufd.mapFile(ioas, buffer, PAGE, 2 * PAGE, START));
    ok(iommufd.copy(ioas, START, other, START + PAGE, 2 * PAGE));
    UserPages pages = test.pages(1);
    refused(EINVAL, mock.checkMap(hwpt, START, PAGE, pages.address()));
    ok(mock.revokeDmaBuf(buffer, true));
    ok(mock.revokeDmaBuf(buffer, true));
    refused(ENODEV, iommufd.mapFile(ioas, buffer, 0, PAGE, START + 8 * PAGE));
    // It stays in its place, and more can be made of it.
    mock.device(ioas).ok();
    ok(iommufd.copy(ioas, START, other, START + 8 * PAGE, PAGE));
    same(2 * PAGE, iommufd.unmap(ioas, START, 2 * PAGE));
    refused(ENOENT, iommufd.unmap(ioas, START, 2 * PAGE));
    ok(mock.revokeDmaBuf(buffer, false));
    ok(iommufd.mapFile(ioas, buffer, PAGE, 2 * PAGE, START));
    same(3 * PAGE, iommufd.unmapAll(other));
  }

  @Test
  void outlivesItsDescriptor(KernelUnderTest test) {
    MockIommufd mock = MockIommufd.open(test);
    OpenIommufd iommufd = mock.iommufd();
    int ioas = ok(iommufd.ioasAlloc());
    int next = ok(test.kernel().dup(iommufd.fd()));
    ok(test.kernel().close(next));
    same(0, mock.dmaBuf((int) PAGE));
    ok(iommufd.mapFile(ioas, next, 0, PAGE, START));
    ok(test.kernel().close(next));
    mock.device(ioas).ok();
    same(PAGE, iommufd.unmapAll(ioas));
  }
}
