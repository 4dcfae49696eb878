// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.event;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.conformance.Answers;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.event.EventFd;
import io.iommufd4j.event.EventFdRef;
import io.iommufd4j.kernel.Errno;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** A counter that is signalled, waited for and taken. */
@Conformance
final class EventFdTest {

  private static final Duration LONG = Duration.ofSeconds(20);

  @Test
  void signalsAreCountedAndTakenAtOnce(KernelUnderTest test) {
    try (var event = EventFd.create(test.kernel())) {
      assertEquals(0, event.take());
      event.signal();
      event.signal(41);
      assertEquals(42, event.take());
      assertEquals(0, event.take());
    }
  }

  @Test
  void waitEndsWithTheSignalOfAnotherThread(KernelUnderTest test) throws InterruptedException {
    try (var event = EventFd.create(test.kernel())) {
      Thread other = Thread.ofPlatform().start(event::signal);
      assertEquals(1, event.await(LONG));
      other.join();
    }
  }

  @Test
  void waitEndsWithoutASignal(KernelUnderTest test) {
    try (var event = EventFd.create(test.kernel())) {
      long start = System.nanoTime();
      assertEquals(0, event.await(Duration.ofMillis(30)));
      assertTrue(System.nanoTime() - start >= 30_000_000, "it waits that long");
      assertEquals(0, event.await(Duration.ZERO));
    }
  }

  @Test
  void whatWasCountedNeedsNoWait(KernelUnderTest test) {
    try (var event = EventFd.create(test.kernel())) {
      event.signal(3);
      assertEquals(3, event.await(Duration.ofSeconds(Long.MAX_VALUE)));
    }
  }

  @Test
  void nothingWaitsForLessThanNoTime(KernelUnderTest test) {
    try (var event = EventFd.create(test.kernel())) {
      assertThrows(IllegalArgumentException.class, () -> event.await(Duration.ofNanos(-1)));
    }
  }

  @Test
  void counterDoesNotOverflow(KernelUnderTest test) {
    try (var event = EventFd.create(test.kernel())) {
      event.signal(-2);
      assertEquals(Errno.EAGAIN, assertThrows(KernelException.class, event::signal).errno());
      var beyond = assertThrows(KernelException.class, () -> event.signal(-1));
      assertEquals(Errno.EINVAL, beyond.errno());
      assertEquals(-2, event.take());
    }
  }

  @Test
  void borrowedOneIsTheSameCounter(KernelUnderTest test) {
    try (var event = EventFd.create(test.kernel())) {
      EventFdRef borrowed = EventFdRef.of(test.kernel(), event.fd());
      borrowed.signal();
      assertSame(test.kernel(), borrowed.kernel());
      assertEquals(event.fd(), borrowed.fd());
      assertEquals(1, event.take());
    }
  }

  @Test
  void descriptorIsGivenUpAndTakenOver(KernelUnderTest test) {
    var first = EventFd.create(test.kernel());
    first.signal(7);
    int fd = first.release();
    assertThrows(IllegalStateException.class, first::take);
    first.close();
    try (var second = EventFd.adopt(test.kernel(), fd)) {
      assertEquals("eventfd (fd " + fd + ")", second.toString());
      assertEquals(7, second.take());
    }
  }

  @Test
  void closedOneIsNotUsed(KernelUnderTest test) {
    var event = EventFd.create(test.kernel());
    event.close();
    event.close();
    assertEquals("eventfd (fd closed)", event.toString());
    assertThrows(IllegalStateException.class, event::signal);
    assertThrows(IllegalStateException.class, event::take);
    assertThrows(IllegalStateException.class, () -> event.await(Duration.ZERO));
  }

  @Test
  void descriptorThatIsNotOpenIsReported(KernelUnderTest test) {
    var event = EventFd.create(test.kernel());
    EventFdRef borrowed = EventFdRef.of(test.kernel(), event.fd());
    event.close();
    var waited = assertThrows(KernelException.class, () -> borrowed.await(LONG));
    assertEquals(Errno.EBADF, waited.errno());
    assertEquals(Errno.EBADF, assertThrows(KernelException.class, borrowed::take).errno());
  }

  /** A file of another kind is readable at once, and what it holds is no count. */
  @Test
  void descriptorOfAnotherFileIsRefused(KernelUnderTest test) {
    int fd = Answers.ok(test.kernel().open("/dev/iommu", 0));
    test.closeAfter(fd);
    EventFdRef none = EventFdRef.of(test.kernel(), fd);
    assertEquals(Errno.EINVAL, assertThrows(KernelException.class, none::take).errno());
  }
}
