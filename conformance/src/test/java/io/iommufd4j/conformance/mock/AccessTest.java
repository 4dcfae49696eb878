// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.mock;

import static io.iommufd4j.bindings.selftest.selftest_h.*;
import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.Answers.same;
import static io.iommufd4j.kernel.Errno.EADDRINUSE;
import static io.iommufd4j.kernel.Errno.EBADE;
import static io.iommufd4j.kernel.Errno.EBADFD;
import static io.iommufd4j.kernel.Errno.EBUSY;
import static io.iommufd4j.kernel.Errno.EFAULT;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static io.iommufd4j.kernel.Errno.ENOMEM;
import static io.iommufd4j.kernel.Errno.EOPNOTSUPP;
import static io.iommufd4j.kernel.Errno.EOVERFLOW;
import static io.iommufd4j.kernel.Errno.EPERM;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.UserPages;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.conformance.selftest.driver.MockAccess;
import io.iommufd4j.conformance.selftest.driver.MockIommufd;
import org.junit.jupiter.api.Test;

/** The kernel's own accesses to an IOAS. */
@Conformance
final class AccessTest {

  private static final long PAGE = UserPages.PAGE;
  private static final long IOVA = 0x10_0000;
  private static final int PINS = MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES();
  private static final int WRITE = MOCK_ACCESS_RW_WRITE();
  private static final int SLOW = MOCK_ACCESS_RW_SLOW_PATH();
  private static final int GUESS = MOCK_FLAGS_ACCESS_SYZ();

  /** An IOAS. */
  private record Bench(KernelUnderTest test, MockIommufd mock, OpenIommufd iommufd, int ioas) {

    static Bench of(KernelUnderTest test) {
      MockIommufd mock = MockIommufd.open(test);
      return new Bench(test, mock, mock.iommufd(), ok(mock.iommufd().ioasAlloc()));
    }

    MockAccess access(int flags) {
      return mock.access(ioas, flags);
    }

    UserPages map(long pages) {
      UserPages memory = test.pages(pages).fill("memory");
      ok(iommufd.mapFixed(ioas, memory.address(), pages * PAGE, IOVA));
      return memory;
    }
  }

  @Test
  void comesAndGoesWithItsDescriptor(KernelUnderTest test) {
    Bench bench = Bench.of(test);
    refused(EOPNOTSUPP, bench.mock.accessFd(bench.ioas, 2));
    refused(ENOENT, bench.mock.accessFd(1000, 0));
    MockAccess access = bench.access(PINS);
    refused(EBUSY, bench.iommufd.destroy(bench.ioas));
    refused(EBUSY, bench.iommufd.destroy(bench.ioas + 1));
    access.close();
    refused(ENOENT, bench.iommufd.destroy(bench.ioas + 1));
    ok(bench.iommufd.destroy(bench.ioas));
  }

  @Test
  void otherDescriptorsAreRefused(KernelUnderTest test) {
    Bench bench = Bench.of(test);
    for (int fd : new int[] {-1, 1 << 19, bench.iommufd.fd(), test.memfd(1)}) {
      MockAccess access = new MockAccess(test.kernel(), bench.mock, fd);
      refused(EBADFD, access.pin(IOVA, PAGE, 0));
      refused(EBADFD, access.unpin(0));
      refused(EBADFD, access.transfer(IOVA, 1, 0, 0));
      refused(EBADFD, access.replaceIoas(bench.ioas));
    }
  }

  @Test
  void contextLivesWithAnAccess(KernelUnderTest test) {
    Bench bench = Bench.of(test);
    UserPages memory = bench.map(1);
    MockAccess access = bench.access(PINS);
    ok(access.pin(IOVA, PAGE, memory.address()));
    MockIommufd other = MockIommufd.open(test);
    bench.iommufd.close();
    ok(other.checkPins(memory.address(), PAGE, 1));
    access.close();
    ok(other.checkPins(memory.address(), PAGE, 0));
  }

  @Test
  void pinIsRefused(KernelUnderTest test) {
    Bench bench = Bench.of(test);
    UserPages memory = bench.map(2);
    MockAccess access = bench.access(PINS);
    MockAccess copies = bench.access(0);
    refused(EOPNOTSUPP, copies.pin(IOVA, PAGE, memory.address()));
    refused(EOPNOTSUPP, access.pin(IOVA, PAGE, memory.address(), 1 << 1));
    refused(ENOMEM, access.pin(IOVA, (16 << 20) + 1, memory.address()));
    refused(EINVAL, access.pin(IOVA, 0, memory.address()));
    refused(EOVERFLOW, access.pin(-PAGE, 2 * PAGE, memory.address()));
    refused(ENOENT, access.pin(IOVA, 3 * PAGE, memory.address()));
    refused(ENOENT, access.pin(IOVA - PAGE, 2 * PAGE, memory.address()));
    refused(EBADE, access.pin(IOVA, PAGE, memory.address() + PAGE));
    refused(EFAULT, access.pin(IOVA, PAGE, test.badAddress()));
    refused(ENOENT, access.unpin(0));
    ok(bench.mock.checkPins(memory.address(), 2 * PAGE, 0));
    same(0, access.pin(IOVA, 2 * PAGE, memory.address()));
    same(1, access.pin(IOVA + PAGE, PAGE, memory.address() + PAGE));
    ok(bench.mock.checkPins(memory.address(), 2 * PAGE, 1));
    ok(access.unpin(0));
    refused(ENOENT, access.unpin(0));
    ok(bench.mock.checkPins(memory.address(), PAGE, 0));
    ok(bench.mock.checkPins(memory.address() + PAGE, PAGE, 1));
    refused(EINVAL, access.pin(IOVA + 1, 1, memory.address() + 1));
  }

  @Test
  void unmapTakesWhatMeetsIt(KernelUnderTest test) {
    Bench bench = Bench.of(test);
    UserPages memory = bench.map(2);
    UserPages second = test.pages(1);
    ok(bench.iommufd.mapFixed(bench.ioas, second.address(), PAGE, IOVA + 2 * PAGE));
    MockAccess access = bench.access(PINS);
    int across = ok(access.pin(IOVA, 3 * PAGE, 0));
    int behind = ok(access.pin(IOVA + 2 * PAGE, PAGE, second.address()));
    refused(ENOENT, bench.iommufd.unmap(bench.ioas, IOVA, PAGE));
    same(2 * PAGE, bench.iommufd.unmap(bench.ioas, IOVA, 2 * PAGE));
    refused(ENOENT, access.unpin(across));
    ok(bench.mock.checkPins(memory.address(), 2 * PAGE, 0));
    ok(bench.mock.checkPins(second.address(), PAGE, 1));
    ok(access.unpin(behind));
  }

  @Test
  void accessMovesToAnotherIoas(KernelUnderTest test) {
    Bench bench = Bench.of(test);
    UserPages memory = bench.map(1);
    int other = ok(bench.iommufd.ioasAlloc());
    MockAccess access = bench.access(PINS);
    ok(access.pin(IOVA, PAGE, memory.address()));
    refused(ENOENT, access.replaceIoas(1000));
    ok(access.replaceIoas(bench.ioas));
    ok(bench.mock.checkPins(memory.address(), PAGE, 1));
    ok(access.replaceIoas(other));
    ok(bench.mock.checkPins(memory.address(), PAGE, 0));
    refused(ENOENT, access.pin(IOVA, PAGE, memory.address()));
    refused(EBUSY, bench.iommufd.destroy(other));
    same(PAGE, bench.iommufd.unmapAll(bench.ioas));
    ok(bench.iommufd.destroy(bench.ioas));
  }

  @Test
  void whoPinsNeedsWholePages(KernelUnderTest test) {
    Bench bench = Bench.of(test);
    UserPages memory = test.pages(1);
    ok(bench.iommufd.mapFixed(bench.ioas, memory.address(), 10, IOVA + 3));
    refused(EADDRINUSE, bench.mock.accessFd(bench.ioas, PINS));
    MockAccess copies = bench.access(0);
    same(10, bench.iommufd.unmap(bench.ioas, IOVA + 3, 10));
    MockAccess access = bench.access(PINS);
    refused(EINVAL, bench.iommufd.mapFixed(bench.ioas, memory.address(), 10, IOVA + 3));
    access.close();
    ok(bench.iommufd.mapFixed(bench.ioas, memory.address(), 10, IOVA + 3));
    copies.close();
  }

  @Test
  void bytesAreCopied(KernelUnderTest test) {
    Bench bench = Bench.of(test);
    UserPages memory = bench.map(2);
    UserPages buffer = test.pages(2).fill("buffer");
    MockAccess access = bench.access(0);
    refused(EOPNOTSUPP, access.transfer(IOVA, 1, buffer.address(), 1 << 1));
    refused(ENOMEM, access.transfer(IOVA, (16 << 20) + 1, buffer.address(), 0));
    refused(EINVAL, access.transfer(IOVA, 0, buffer.address(), 0));
    refused(EOVERFLOW, access.transfer(-1, 2, buffer.address(), 0));
    refused(ENOENT, access.transfer(IOVA + PAGE, PAGE + 1, buffer.address(), 0));
    refused(EFAULT, access.transfer(IOVA, 1, test.badAddress(), 0));
    refused(EFAULT, access.transfer(IOVA, 1, test.badAddress(), WRITE));
    assertEquals("buffer", buffer.text(0, 6));
    for (int flags : new int[] {0, SLOW}) {
      ok(access.transfer(IOVA + 3, 3, buffer.address() + 1, flags));
      assertEquals("bory", buffer.text(0, 4));
      ok(access.transfer(IOVA + PAGE - 1, 2, buffer.address(), WRITE | flags));
      assertEquals("o", memory.text(1, 1));
      buffer.fill("buffer");
      memory.fill("memory");
    }
  }

  @Test
  void protectionIsKept(KernelUnderTest test) {
    Bench bench = Bench.of(test);
    UserPages readOnly = test.readOnlyPages(1);
    UserPages buffer = test.pages(1);
    ok(bench.iommufd.mapFixed(bench.ioas, readOnly.address(), PAGE, IOVA, OpenIommufd.READ));
    MockAccess access = bench.access(PINS);
    refused(EPERM, access.transfer(IOVA, 1, buffer.address(), WRITE));
    refused(EPERM, access.transfer(IOVA, 1, buffer.address(), WRITE | SLOW));
    refused(EPERM, access.pin(IOVA, PAGE, 0, MOCK_FLAGS_ACCESS_WRITE()));
    ok(access.transfer(IOVA, 1, buffer.address(), SLOW));
    ok(access.pin(IOVA, PAGE, readOnly.address()));
  }

  @Test
  void memoryThatIsGone(KernelUnderTest test) {
    Bench bench = Bench.of(test);
    UserPages memory = bench.map(2);
    UserPages buffer = test.pages(2);
    MockAccess access = bench.access(PINS);
    int pinned = ok(access.pin(IOVA, 2 * PAGE, memory.address()));
    memory.close();
    // Copying page by page looks the page up again; many at once are read where they are pinned.
    refused(EFAULT, access.transfer(IOVA, 1, buffer.address(), 0));
    refused(EFAULT, access.transfer(IOVA, 1, buffer.address(), SLOW));
    ok(access.transfer(IOVA, PAGE + 6, buffer.address(), SLOW));
    assertEquals("memory", buffer.text(0, 6));
    ok(access.unpin(pinned));
    refused(EFAULT, access.transfer(IOVA, PAGE + 6, buffer.address(), SLOW));
    refused(EFAULT, access.pin(IOVA, PAGE, 0));
  }

  @Test
  void filesAreReachedAsWell(KernelUnderTest test) {
    Bench bench = Bench.of(test);
    int file = test.memfd(2);
    UserPages view = test.pagesOf(file, 2).fill("file");
    UserPages buffer = test.pages(2);
    ok(bench.iommufd.mapFile(bench.ioas, file, 0, 2 * PAGE, IOVA));
    MockAccess access = bench.access(PINS);
    int pinned = ok(access.pin(IOVA, 2 * PAGE, view.address()));
    ok(bench.mock.checkPins(view.address(), 2 * PAGE, 1));
    ok(access.unpin(pinned));
    ok(bench.mock.checkPins(view.address(), 2 * PAGE, 0));
    ok(access.transfer(IOVA + PAGE - 4, 8, buffer.address(), 0));
    assertEquals("filefile", buffer.text(0, 8));
    ok(access.transfer(IOVA, 3, buffer.address() + 1, WRITE));
    assertEquals("ilee", view.text(0, 4));
  }

  @Test
  void mappingsGoByTheirNumber(KernelUnderTest test) {
    Bench bench = Bench.of(test);
    UserPages memory = bench.map(2);
    UserPages buffer = test.pages(1);
    MockAccess access = bench.access(PINS);
    ok(access.transfer(2L << 32, 4, buffer.address(), GUESS));
    assertEquals("mory", buffer.text(0, 4));
    refused(ENOENT, access.transfer(1, 4, buffer.address(), GUESS));
    same(0, access.pin(PAGE << 32, PAGE, memory.address() + PAGE, GUESS));
    int other = ok(bench.iommufd.ioasAlloc());
    int flags = OpenIommufd.READ_WRITE | GUESS;
    ok(bench.iommufd.copy(bench.ioas, PAGE << 32, other, 0, PAGE, flags));
    same(PAGE, bench.iommufd.unmapAll(other));
    refused(ENOENT, bench.iommufd.copy(bench.ioas, 1, other, 0, PAGE, flags));
    refused(EOPNOTSUPP, bench.iommufd.copy(bench.ioas, 0, other, 0, PAGE, flags | 1 << 17));
  }
}
