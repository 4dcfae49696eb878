// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.event;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.event.EventFd;
import io.iommufd4j.event.EventFdRef;
import io.iommufd4j.event.Events;
import io.iommufd4j.event.Watch;
import io.iommufd4j.kernel.TracingKernel;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Waiting for several handles at once. */
@Conformance
final class EventsTest {

  private static final Duration LONG = Duration.ofSeconds(20);

  @Test
  void eachReportsForItself(KernelUnderTest test) {
    try (var one = EventFd.create(test.kernel());
        var other = EventFd.create(test.kernel());
        var third = EventFd.create(test.kernel())) {
      Events events = Events.on(test.kernel());
      Watch first = events.watch(one);
      Watch second = events.watch(other);
      Watch last = events.watch(third);
      assertEquals(3, events.size());
      assertSame(other, second.source());
      assertEquals(0, events.await(Duration.ZERO));
      one.signal();
      third.signal();
      assertEquals(2, events.await(LONG));
      assertTrue(first.readable());
      assertFalse(second.readable());
      assertTrue(last.readable());
      one.take();
      assertEquals(1, events.await(LONG));
      assertFalse(first.readable());
    }
  }

  @Test
  void waitEndsWithTheSignalOfAnotherThread(KernelUnderTest test) throws InterruptedException {
    try (var one = EventFd.create(test.kernel());
        var other = EventFd.create(test.kernel())) {
      Events events = Events.on(test.kernel());
      events.watch(one);
      Watch second = events.watch(other);
      Thread signals = Thread.ofPlatform().start(other::signal);
      assertEquals(1, events.await(LONG));
      assertTrue(second.readable());
      signals.join();
    }
  }

  @Test
  void stoppedOneReportsNoMore(KernelUnderTest test) {
    try (var one = EventFd.create(test.kernel());
        var other = EventFd.create(test.kernel())) {
      Events events = Events.on(test.kernel());
      Watch first = events.watch(one);
      Watch second = events.watch(other);
      one.signal();
      other.signal();
      assertEquals(2, events.await(LONG));
      first.stop();
      first.stop();
      assertFalse(first.readable());
      assertEquals(1, events.size());
      assertEquals(1, events.await(LONG));
      assertTrue(second.readable());
    }
  }

  @Test
  void nothingIsReportedOfNothing(KernelUnderTest test) {
    Events events = Events.on(test.kernel());
    assertEquals(0, events.await(Duration.ofMillis(1)));
  }

  @Test
  void fullCounterIsNoError(KernelUnderTest test) {
    try (var event = EventFd.create(test.kernel())) {
      Events events = Events.on(test.kernel());
      Watch watch = events.watch(event);
      event.signal(-2);
      assertEquals(1, events.await(LONG));
      assertTrue(watch.readable());
      assertFalse(watch.failed());
    }
  }

  @Test
  void closedHandleIsNotWaitedFor(KernelUnderTest test) {
    var event = EventFd.create(test.kernel());
    Events events = Events.on(test.kernel());
    events.watch(event);
    event.close();
    assertThrows(IllegalStateException.class, () -> events.await(Duration.ZERO));
  }

  @Test
  void descriptorThatIsNotOpenIsReported(KernelUnderTest test) {
    var event = EventFd.create(test.kernel());
    Events events = Events.on(test.kernel());
    Watch watch = events.watch(EventFdRef.of(test.kernel(), event.fd()));
    event.close();
    assertEquals(1, events.await(LONG));
    assertTrue(watch.notOpen());
    assertFalse(watch.readable());
  }

  @Test
  void handlesBelongToOneKernel(KernelUnderTest test) {
    var another = new TracingKernel(test.kernel(), _ -> {});
    try (var event = EventFd.create(another)) {
      Events events = Events.on(test.kernel());
      assertThrows(IllegalArgumentException.class, () -> events.watch(event));
    }
  }
}
