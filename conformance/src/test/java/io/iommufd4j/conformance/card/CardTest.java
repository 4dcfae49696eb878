// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.card;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.extension.Conformance;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** The cases of the kernel's {@code vfio_pci_driver_test}, in Java's own words. */
@Conformance
@OnCardMachines
final class CardTest {

  private static final Duration LONG = Duration.ofSeconds(20);
  private static final int BYTES = 4 * Card.MOST_BYTES;
  private static final long FROM = Card.DATA;
  private static final long TO = Card.DATA + BYTES;

  private static MemorySegment fill(Card card) {
    card.data().asSlice(0, BYTES).fill((byte) 'x');
    return card.data().asSlice(BYTES, BYTES).fill((byte) 'y');
  }

  private static void copied(Card card, MemorySegment copy) {
    assertEquals(-1, copy.mismatch(card.data().asSlice(0, BYTES)));
  }

  @Test
  void itStartsAndStops(KernelUnderTest test) {
    Card card = Card.of(test);
    for (int i = 0; i < 10; i++) {
      card.restart();
    }
    assertEquals(0, card.interrupt().take());
  }

  @Test
  void itCopies(KernelUnderTest test) {
    Card card = Card.of(test);
    MemorySegment copy = fill(card);
    card.copy(FROM, TO, BYTES);
    copied(card, copy);
    assertEquals(3, card.status(), "done, end of packet");
    assertEquals(Card.MOST_BYTES, card.length());
    assertEquals(0, card.interrupt().take());
  }

  @Test
  void whatItCannotReadComesBackAsZeros(KernelUnderTest test) {
    Card card = Card.of(test);
    MemorySegment copy = fill(card);
    card.begin(Card.NOTHING, TO, Card.MOST_BYTES, 1);
    card.finish();
    assertEquals(3, card.status(), "as if it had been read");
    assertEquals(Card.MOST_BYTES, card.length());
    byte[] zeros = new byte[Card.MOST_BYTES];
    assertEquals(-1, copy.asSlice(0, zeros.length).mismatch(MemorySegment.ofArray(zeros)), "bytes");
    assertEquals('y', copy.get(ValueLayout.JAVA_BYTE, zeros.length));
    card.reset();
    card.copy(FROM, TO, BYTES);
    copied(card, copy);
    assertEquals(0, card.interrupt().take());
  }

  @Test
  void whatItCannotWriteComesBackAllTheSame(KernelUnderTest test) {
    Card card = Card.of(test);
    fill(card);
    card.begin(FROM, Card.NOTHING, Card.MOST_BYTES, 1);
    card.finish();
    assertEquals(3, card.status());
    assertEquals(0, card.interrupt().take());
  }

  @Test
  void itSendsItsMessage(KernelUnderTest test) {
    Card card = Card.of(test);
    card.interruptItself();
    assertEquals(1, card.interrupt().await(LONG));
    card.allow();
    card.interruptItself();
    assertEquals(1, card.interrupt().await(LONG));
  }

  @Test
  void allOfItByTurns(KernelUnderTest test) {
    Card card = Card.of(test);
    for (int i = 0; i < 10; i++) {
      MemorySegment copy = fill(card);
      card.copy(FROM, TO, BYTES);
      copied(card, copy);
      card.begin(Card.NOTHING, TO, Card.MOST_BYTES, 1);
      card.awaitSent();
      card.reset();
      card.interruptItself();
      assertEquals(1, card.interrupt().await(LONG));
    }
  }

  @Test
  void itCopiesAsMuchAsItsRingHolds(KernelUnderTest test) {
    Card card = Card.of(test);
    MemorySegment copy = fill(card);
    card.begin(FROM, TO, Card.MOST_BYTES, Card.MOST_COPIES);
    card.finish();
    assertEquals(
        -1, copy.asSlice(0, Card.MOST_BYTES).mismatch(card.data().asSlice(0, Card.MOST_BYTES)));
    assertEquals(0, card.interrupt().take());
  }
}
