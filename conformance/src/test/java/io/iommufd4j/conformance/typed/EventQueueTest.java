// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.typed;

import static io.iommufd4j.conformance.Answers.ok;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.EventQueue;
import io.iommufd4j.Viommu;
import io.iommufd4j.bindings.selftest.selftest_h;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.data.EventData;
import io.iommufd4j.data.EventType;
import io.iommufd4j.data.GuestEvent;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.event.Events;
import io.iommufd4j.event.Watch;
import io.iommufd4j.kernel.Errno;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Events of a vIOMMU as records, those that were lost included. */
@Conformance
final class EventQueueTest {

  /** Events of the mock driver: the id that the guest knows its device by. */
  static final EventType TYPE =
      new EventType(selftest_h.IOMMU_VEVENTQ_TYPE_SELFTEST(), Integer.BYTES);

  private static final int VIRTUAL_ID = 0x99;

  private static Viommu guest(MockSetup setup) {
    Viommu viommu = setup.viommu(setup.parent());
    viommu.newVdevice(setup.id(), VIRTUAL_ID);
    setup.replace(setup.nested(viommu.id()).id());
    return viommu;
  }

  private static void raise(MockSetup setup, int times) {
    for (int i = 0; i < times; i++) {
      ok(setup.mock().triggerEvent(setup.id().value()));
    }
  }

  private static GuestEvent event(int sequence) {
    return new GuestEvent.Reported(sequence, new EventData.Other(TYPE.value(), "99000000"));
  }

  @Test
  void eventsComeInOrderAndLossesAreMarked(KernelUnderTest test) {
    try (var setup = MockSetup.of(test)) {
      EventQueue queue = guest(setup).newEventQueue(TYPE, 2);
      assertEquals(TYPE, queue.type());
      assertEquals(List.of(), queue.read());
      raise(setup, 1);
      assertEquals(List.of(event(0)), queue.read());
      raise(setup, 5);
      assertEquals(List.of(event(1), event(2), new GuestEvent.Lost(5)), queue.read());
      var events = Events.on(queue.kernel());
      Watch watch = events.watch(queue);
      assertEquals(0, events.await(Duration.ZERO));
      raise(setup, 1);
      assertEquals(1, events.await(Duration.ofSeconds(10)));
      assertTrue(watch.readable());
      assertEquals(6, queue.read().getFirst().sequence());
      setup.replace(setup.ioas().id());
    }
  }

  @Test
  void viommuHasOneOfEachKind(KernelUnderTest test) {
    try (var setup = MockSetup.of(test)) {
      Viommu viommu = guest(setup);
      EventQueue queue = viommu.newEventQueue(TYPE, 1);
      refused(Errno.EEXIST, viommu, TYPE, 1);
      refused(Errno.EINVAL, viommu, TYPE, 0);
      refused(Errno.EOPNOTSUPP, viommu, new EventType(0, 4), 1);
      queue.close();
      queue.close();
      viommu.newEventQueue(TYPE, 1).close();
      setup.replace(setup.ioas().id());
    }
  }

  private static void refused(Errno errno, Viommu viommu, EventType type, int depth) {
    var refused = assertThrows(KernelException.class, () -> viommu.newEventQueue(type, depth));
    assertEquals(errno, refused.errno());
    assertFalse(refused.hint().isEmpty());
  }

  @Test
  void borrowedQueueReadsAndAdoptedOneCloses(KernelUnderTest test) {
    try (var setup = MockSetup.of(test)) {
      Viommu viommu = guest(setup);
      EventQueue made = viommu.newEventQueue(TYPE, 4);
      var borrowed = setup.iommufd().eventQueue(made.id(), made.fd(), TYPE);
      raise(setup, 2);
      assertEquals(List.of(event(0), event(1)), borrowed.read());
      int duplicate = ok(test.kernel().dup(made.fd()));
      EventQueue adopted = setup.iommufd().adopt(made.id(), duplicate, TYPE);
      assertEquals(made.toString(), adopted.toString());
      var busy = assertThrows(KernelException.class, adopted::close);
      assertEquals(Errno.EBUSY, busy.errno(), "the other descriptor is open");
      made.close();
      assertEquals(Errno.ENOENT, assertThrows(KernelException.class, adopted::close).errno());
      setup.replace(setup.ioas().id());
    }
  }
}
