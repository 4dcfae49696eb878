// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.typed;

import static io.iommufd4j.conformance.Answers.ok;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.FaultQueue;
import io.iommufd4j.FaultQueueRef;
import io.iommufd4j.Hwpt;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.data.FaultPermission;
import io.iommufd4j.data.HwptSpec;
import io.iommufd4j.data.PageFault;
import io.iommufd4j.data.PageResponse;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.event.Events;
import io.iommufd4j.event.Watch;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.uapi.HwptFlag;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Page faults as records, and their answers. */
@Conformance
final class FaultQueueTest {

  private static final long ADDRESS = 0xfedc_ba98_7654_3210L;
  private static final int READ_WRITE = 3;
  private static final int MANY = 100;

  private static Hwpt attached(MockSetup setup, FaultQueue queue) {
    var spec = HwptSpec.of().withFaultQueue(queue.id());
    Hwpt hwpt = setup.iommufd().newHwpt(setup.id(), setup.ioas().id(), spec);
    setup.replace(hwpt.id());
    return hwpt;
  }

  private static void ask(MockSetup setup, int pasid, int group) {
    ok(setup.mock().triggerFault(setup.id().value(), pasid, group, READ_WRITE, ADDRESS));
  }

  @Test
  void faultIsReadAndAnswered(KernelUnderTest test) {
    try (var setup = MockSetup.of(test)) {
      FaultQueue queue = setup.iommufd().newFaultQueue();
      attached(setup, queue);
      assertEquals(List.of(), queue.read());
      ask(setup, 0, 7);
      var rights = Set.of(FaultPermission.READ, FaultPermission.WRITE);
      var fault = new PageFault(ADDRESS, rights, 0);
      var group = new PageFault.Group(1, setup.id(), OptionalInt.empty(), 7, List.of(fault));
      assertEquals(List.of(group), queue.read());
      queue.respond(group, PageResponse.SUCCESS);
      var again =
          assertThrows(KernelException.class, () -> queue.respond(group, PageResponse.INVALID));
      assertEquals(Errno.EINVAL, again.errno());
      assertEquals("write", again.operation());
      setup.replace(setup.ioas().id());
    }
  }

  @Test
  void moreFaultsThanFitAreReadByTurns(KernelUnderTest test) {
    try (var setup = MockSetup.of(test)) {
      FaultQueue queue = setup.iommufd().newFaultQueue();
      attached(setup, queue);
      for (int group = 0; group < MANY; group++) {
        ask(setup, 0, group);
      }
      List<PageFault.Group> first = queue.read();
      List<PageFault.Group> second = queue.read();
      assertEquals(MANY, first.size() + second.size());
      assertEquals(MANY - 1, second.getLast().index());
      first.forEach(group -> queue.respond(group, PageResponse.SUCCESS));
      second.forEach(group -> queue.respond(group, PageResponse.INVALID));
      setup.replace(setup.ioas().id());
    }
  }

  @Test
  void pasidOfAGuestIsReported(KernelUnderTest test) {
    try (var setup = MockSetup.of(test)) {
      FaultQueue queue = setup.iommufd().newFaultQueue();
      var spec = HwptSpec.nested(setup.data()).withFaultQueue(queue.id());
      Hwpt nested = setup.iommufd().newHwpt(setup.id(), setup.parent().id(), spec);
      setup.replace(nested.id());
      ask(setup, 5, 1);
      assertEquals(OptionalInt.of(5), queue.read().getFirst().pasid());
      setup.replace(setup.ioas().id());
    }
  }

  @Test
  void queueIsBusyWhileAHwptHasIt(KernelUnderTest test) {
    try (var setup = MockSetup.of(test)) {
      FaultQueue queue = setup.iommufd().newFaultQueue();
      Hwpt hwpt = attached(setup, queue);
      var busy = assertThrows(KernelException.class, queue::close);
      assertEquals(Errno.EBUSY, busy.errno());
      setup.replace(setup.ioas().id());
      hwpt.close();
      queue.close();
      queue.close();
    }
  }

  @Test
  void queuesAreWaitedForTogether(KernelUnderTest test) {
    try (var setup = MockSetup.of(test)) {
      FaultQueue queue = setup.iommufd().newFaultQueue();
      FaultQueue idle = setup.iommufd().newFaultQueue();
      assertEquals(test.kernel(), queue.kernel());
      attached(setup, queue);
      var events = Events.on(test.kernel());
      Watch faults = events.watch(queue);
      Watch nothing = events.watch(idle);
      assertEquals(0, events.await(Duration.ZERO));
      ask(setup, 0, 1);
      assertEquals(1, events.await(Duration.ofSeconds(10)));
      assertTrue(faults.readable());
      assertFalse(nothing.readable());
      queue.respond(queue.read().getFirst(), PageResponse.SUCCESS);
      setup.replace(setup.ioas().id());
    }
  }

  @Test
  void adoptedQueueIsClosedWithItsDescriptor(KernelUnderTest test) {
    try (var setup = MockSetup.of(test)) {
      FaultQueue made = setup.iommufd().newFaultQueue();
      FaultQueue adopted = setup.iommufd().adopt(made.id(), ok(test.kernel().dup(made.fd())));
      assertEquals(Errno.EBUSY, assertThrows(KernelException.class, adopted::close).errno());
      assertThrows(IllegalStateException.class, adopted::fd);
      made.close();
      assertEquals(Errno.ENOENT, assertThrows(KernelException.class, adopted::close).errno());
      assertThrows(IllegalStateException.class, made::read);
    }
  }

  @Test
  void borrowedQueueReads(KernelUnderTest test) {
    try (var setup = MockSetup.of(test)) {
      FaultQueue made = setup.iommufd().newFaultQueue();
      FaultQueueRef borrowed = setup.iommufd().faultQueue(made.id(), made.fd());
      attached(setup, made);
      ask(setup, 0, 1);
      PageFault.Group group = borrowed.read().getFirst();
      made.respond(group, PageResponse.SUCCESS);
      assertEquals(made.toString(), borrowed.toString());
      setup.replace(setup.ioas().id());
    }
  }

  @Test
  void nestingParentHasNone(KernelUnderTest test) {
    try (var setup = MockSetup.of(test)) {
      FaultQueue queue = setup.iommufd().newFaultQueue();
      var spec = HwptSpec.of(HwptFlag.NEST_PARENT).withFaultQueue(queue.id());
      var refused =
          assertThrows(
              KernelException.class,
              () -> setup.iommufd().newHwpt(setup.id(), setup.ioas().id(), spec));
      assertEquals(Errno.EOPNOTSUPP, refused.errno());
      assertTrue(refused.hint().contains("fault queue"), refused.hint());
      queue.close();
      var gone = HwptSpec.of().withFaultQueue(queue.id());
      var missing =
          assertThrows(
              KernelException.class,
              () -> setup.iommufd().newHwpt(setup.id(), setup.ioas().id(), gone));
      assertEquals(Errno.ENOENT, missing.errno());
      assertTrue(missing.hint().contains(queue.id().toString()), missing.hint());
    }
  }
}
