// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.nesting;

import static io.iommufd4j.conformance.Answers.ok;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.extension.Conformance;
import org.junit.jupiter.api.Test;

/** The events by which a guest learns of its device's faults. */
@Conformance
@OnVirtualSmmus
final class GuestEventTest {

  private static final long BAD_ENTRY = 0x04;
  private static final long BAD_CONTEXT = 0x0a;
  private static final long TRANSLATION = 0x10;
  private static final long ADDRESS_SIZE = 0x11;
  private static final long ACCESS = 0x12;
  private static final long PERMISSION = 0x13;

  /** Of an event's second word: it is about the address that the device used, and was a read. */
  private static final long INPUT = 2L << 40;

  private static final long READ = 1L << 35;

  private static final long READ_HERE = FirstStage.address(0);
  private static final long WRITE_HERE = FirstStage.address(1);

  @Test
  void unmappedAddressIsToldOf(KernelUnderTest test) {
    Guest guest = Guest.of(test);
    attach(guest);
    GuestEvents events = GuestEvents.of(guest, 4);
    guest.dma().fetch(FirstStage.address(2), Guest.TRANSFER);
    events.expect(0, of(TRANSLATION), INPUT | READ, FirstStage.address(2), 0);
    guest.dma().store(FirstStage.address(3), Guest.TRANSFER);
    events.expect(1, of(TRANSLATION), INPUT, FirstStage.address(3), 0);
    events.expectNone();
  }

  @Test
  void eachWayToRefuseHasItsEvent(KernelUnderTest test) {
    Guest guest = Guest.of(test);
    FirstStage table = attach(guest);
    GuestEvents events = GuestEvents.of(guest, 4);

    table.makeReadOnly(1);
    afresh(guest);
    assertEquals(Guest.UNTOUCHED, guest.copy(READ_HERE, WRITE_HERE));
    events.expect(0, of(PERMISSION), INPUT, WRITE_HERE, 0);

    table.makeOld(0);
    afresh(guest);
    guest.dma().fetch(READ_HERE, Guest.TRANSFER);
    events.expect(1, of(ACCESS), INPUT | READ, READ_HERE, 0);

    table.map(1L << 41);
    afresh(guest);
    guest.dma().fetch(READ_HERE, Guest.TRANSFER);
    events.expect(2, of(ADDRESS_SIZE), INPUT | READ, READ_HERE, 0);

    table.breakContext();
    afresh(guest);
    guest.dma().fetch(READ_HERE, Guest.TRANSFER);
    events.expect(3, of(BAD_CONTEXT), 0, 0, 0);
    events.expectNone();
  }

  @Test
  void entryThatHardwareCannotUseIsToldOf(KernelUnderTest test) {
    Guest guest = Guest.of(test);
    ok(guest.takeDevice());
    new FirstStage(guest);
    GuestEvents events = GuestEvents.of(guest, 4);
    ok(guest.bound().device().attach(ok(guest.nested(FirstStage.entry() | 1L << 59, 0))));
    guest.dma().fetch(READ_HERE, Guest.TRANSFER);
    events.expect(0, of(BAD_ENTRY), 0, 0, 0);
  }

  @Test
  void guestThatDoesNotAskHearsNothing(KernelUnderTest test) {
    Guest guest = Guest.of(test);
    FirstStage table = attach(guest);
    GuestEvents events = GuestEvents.of(guest, 4);
    table.keepQuiet();
    afresh(guest);
    guest.dma().fetch(FirstStage.address(2), Guest.TRANSFER);
    ok(guest.bound().device().attach(ok(guest.nested(FirstStage.VALID, 0))));
    guest.dma().fetch(READ_HERE, Guest.TRANSFER);
    events.expectNone();
  }

  @Test
  void missingMemoryIsTheHostsBusiness(KernelUnderTest test) {
    Guest guest = Guest.of(test);
    FirstStage table = attach(guest);
    GuestEvents events = GuestEvents.of(guest, 4);
    table.map(Guest.MEMORY + guest.pages().bytes());
    afresh(guest);
    guest.dma().fetch(READ_HERE, Guest.TRANSFER);
    guest.dma().fetch(FirstStage.address(2), Guest.TRANSFER);
    events.expect(0, of(TRANSLATION), INPUT | READ, FirstStage.address(2), 0);
    events.expectNone();
  }

  @Test
  void fullQueueSaysHowManyAreLost(KernelUnderTest test) {
    Guest guest = Guest.of(test);
    attach(guest);
    GuestEvents events = GuestEvents.of(guest, 2);
    for (int i = 0; i < 5; i++) {
      guest.dma().fetch(FirstStage.address(2), Guest.TRANSFER);
    }
    long[] words = {of(TRANSLATION), INPUT | READ, FirstStage.address(2), 0};
    events.expect(0, words);
    events.expect(1, words);
    events.expectLost(4);
    events.expectNone();
    guest.dma().fetch(FirstStage.address(2), Guest.TRANSFER);
    events.expect(5, words);
  }

  @Test
  void queueMadeLaterHearsOnlyWhatComesThen(KernelUnderTest test) {
    Guest guest = Guest.of(test);
    attach(guest);
    guest.dma().fetch(FirstStage.address(2), Guest.TRANSFER);
    GuestEvents events = GuestEvents.of(guest, 2);
    guest.dma().fetch(FirstStage.address(3), Guest.TRANSFER);
    events.expect(0, of(TRANSLATION), INPUT | READ, FirstStage.address(3), 0);
  }

  private static FirstStage attach(Guest guest) {
    ok(guest.takeDevice());
    var table = new FirstStage(guest).map(Guest.address(0), Guest.address(1));
    ok(guest.bound().device().attach(ok(guest.nested(FirstStage.entry(), 0))));
    return table;
  }

  /** Has what hardware knows of the guest's table and context forgotten. */
  private static void afresh(Guest guest) {
    ok(
        guest
            .invalidate(
                SmmuCommands.ALL, 0, SmmuCommands.ofStream(SmmuCommands.CONFIG_ALL_CONTEXTS), 0)
            .answer());
  }

  private static long of(long type) {
    return type | Guest.STREAM << 32;
  }
}
