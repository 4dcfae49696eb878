// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.typed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.EventQueue;
import io.iommufd4j.Hwpt;
import io.iommufd4j.Vdevice;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.conformance.nesting.FirstStage;
import io.iommufd4j.conformance.nesting.OnVirtualSmmus;
import io.iommufd4j.data.EventData;
import io.iommufd4j.data.EventType;
import io.iommufd4j.data.GuestEvent;
import io.iommufd4j.data.HwRegisters;
import io.iommufd4j.data.HwptData;
import io.iommufd4j.data.HwptSpec;
import io.iommufd4j.data.InvalidateOutcome;
import io.iommufd4j.data.Invalidation;
import io.iommufd4j.data.InvalidationBlock;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Errno;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A guest with a virtual SMMUv3, made by handles alone. */
@Conformance
@OnVirtualSmmus
final class NestingTest {

  private static final long READ_HERE = FirstStage.address(0);
  private static final long WRITE_HERE = FirstStage.address(1);
  private static final int TRANSLATION = 0x10;

  @Test
  void guestTranslatesThroughBothStages(KernelUnderTest test) {
    try (var guest = SmmuGuest.of(test)) {
      guest.viommu().newVdevice(guest.device().id(), SmmuGuest.STREAM);
      guest.table().map(SmmuGuest.page(0), SmmuGuest.page(1));
      Hwpt nested = guest.translating();
      assertEquals(nested.id(), guest.device().attach(nested));
      assertEquals(SmmuGuest.TEXT, guest.copy(READ_HERE, WRITE_HERE));
      var bypass = new HwptData.SmmuV3(FirstStage.VALID | FirstStage.BYPASS, 0);
      Hwpt straight =
          guest.iommufd().newHwpt(guest.device(), guest.viommu().id(), HwptSpec.nested(bypass));
      assertEquals(straight.id(), guest.device().replace(straight));
      assertEquals(SmmuGuest.TEXT, guest.copy(SmmuGuest.page(0), SmmuGuest.page(1)));
      assertEquals(nested.id(), guest.device().replace(nested));
      assertEquals(SmmuGuest.TEXT, guest.copy(READ_HERE, WRITE_HERE));
    }
  }

  @Test
  void changedTableHoldsOnceInvalidated(KernelUnderTest test) {
    try (var guest = SmmuGuest.of(test)) {
      guest.viommu().newVdevice(guest.device().id(), SmmuGuest.STREAM);
      guest.table().map(SmmuGuest.page(7), SmmuGuest.page(1));
      guest.device().attach(guest.translating());
      assertEquals(SmmuGuest.NOTHING, guest.copy(READ_HERE, WRITE_HERE));
      guest.table().map(SmmuGuest.page(0), SmmuGuest.page(1));
      guest.viommu().invalidate(InvalidationBlock.of(Invalidation.SmmuV3.address(0, READ_HERE)));
      assertEquals(SmmuGuest.TEXT, guest.copy(READ_HERE, WRITE_HERE));
    }
  }

  @Test
  void everyCommandIsTaken(KernelUnderTest test) {
    try (var guest = SmmuGuest.of(test)) {
      guest.viommu().newVdevice(guest.device().id(), SmmuGuest.STREAM);
      var commands =
          InvalidationBlock.of(
              Invalidation.SmmuV3.everything(),
              Invalidation.SmmuV3.addressSpace(1),
              Invalidation.SmmuV3.address(1, READ_HERE),
              Invalidation.SmmuV3.context(SmmuGuest.STREAM, 0),
              Invalidation.SmmuV3.allContexts(SmmuGuest.STREAM));
      assertEquals(new InvalidateOutcome.Done(5), guest.viommu().tryInvalidate(commands));
      commands.set(4, Invalidation.SmmuV3.allContexts(SmmuGuest.STREAM + 1));
      var refused =
          assertInstanceOf(InvalidateOutcome.Refused.class, guest.viommu().tryInvalidate(commands));
      assertEquals(Errno.EIO, refused.cause().errno());
      assertTrue(refused.cause().hint().contains("stream id"), refused.cause().hint());
    }
  }

  @Test
  void faultOfTheGuestIsAnEvent(KernelUnderTest test) {
    try (var guest = SmmuGuest.of(test)) {
      guest.viommu().newVdevice(guest.device().id(), SmmuGuest.STREAM);
      guest.table().map(SmmuGuest.page(0), SmmuGuest.page(1));
      guest.device().attach(guest.translating());
      EventQueue events = guest.viommu().newEventQueue(EventType.SMMUV3, 2);
      for (int i = 0; i < 4; i++) {
        guest.dma().fetch(FirstStage.address(2), SmmuGuest.TEXT.length());
      }
      List<GuestEvent> read = guest.await(events);
      assertEquals(3, read.size());
      var first = assertInstanceOf(GuestEvent.Reported.class, read.getFirst());
      var data = assertInstanceOf(EventData.SmmuV3.class, first.data());
      assertEquals(TRANSLATION, data.number());
      assertEquals(SmmuGuest.STREAM, data.streamId());
      assertEquals(FirstStage.address(2), data.word2());
      assertEquals(new GuestEvent.Lost(3), read.getLast());
    }
  }

  @Test
  void entryThatAGuestMayNotHaveIsRefused(KernelUnderTest test) {
    try (var guest = SmmuGuest.of(test)) {
      var bad = new HwptData.SmmuV3(FirstStage.entry(), 1L << 63);
      var refused =
          assertThrows(
              KernelException.class,
              () ->
                  guest
                      .iommufd()
                      .newHwpt(guest.device(), guest.viommu().id(), HwptSpec.nested(bad)));
      assertEquals(Errno.EIO, refused.errno());
      assertTrue(refused.hint().contains("stream table entry"), refused.hint());
      var vtd = new HwptData.VtdFirstStage(java.util.Set.of(), 0x1000, 48);
      assertThrows(
          KernelException.class,
          () -> guest.iommufd().newHwpt(guest.device(), guest.viommu().id(), HwptSpec.nested(vtd)));
    }
  }

  @Test
  void deviceLeavesTheGuest(KernelUnderTest test) {
    try (var guest = SmmuGuest.of(test)) {
      Vdevice vdevice = guest.viommu().newVdevice(guest.device().id(), SmmuGuest.STREAM);
      vdevice.close();
      Hwpt nested = guest.translating();
      var refused = assertThrows(KernelException.class, () -> guest.device().attach(nested));
      assertEquals(Errno.ENOENT, refused.errno());
    }
  }

  @Test
  void hardwareSaysThatItNests(KernelUnderTest test) {
    try (var guest = SmmuGuest.of(test)) {
      var info = guest.iommufd().hwInfo(guest.device());
      assertEquals(6, assertInstanceOf(HwRegisters.SmmuV3.class, info.registers()).idr().size());
    }
  }
}
