// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.pci;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@link TrimmedBytes} beside an array. */
class TrimmedBytesTest {

  @ParameterizedTest
  @ValueSource(ints = {256, 4096})
  void areAsAnArrayIs(int size) {
    for (long seed = 1; seed <= 200; seed++) {
      var dice = new SplittableRandom(seed);
      var bytes = new TrimmedBytes(size);
      var array = new byte[size];
      for (int i = 0; i < 40; i++) {
        step(dice, bytes, array);
      }
      assertArrayEquals(array, bytes.toArray(), "seed " + seed);
      for (int at = 0; at < size; at++) {
        assertEquals(array[at], bytes.get(at), "seed " + seed);
      }
    }
  }

  private static void step(SplittableRandom dice, TrimmedBytes bytes, byte[] array) {
    int at = dice.nextInt(array.length);
    int to = dice.nextInt(4) == 0 ? array.length : dice.nextInt(at, array.length) + 1;
    int value = dice.nextInt(3) - 1;
    switch (dice.nextInt(4)) {
      case 0 -> {
        bytes.fill(at, to, value);
        Arrays.fill(array, at, to, (byte) value);
      }
      case 1 -> {
        var found = new byte[array.length];
        dice.nextBytes(found);
        Arrays.fill(found, at, found.length, (byte) value);
        bytes.copyFrom(found, to);
        System.arraycopy(found, 0, array, 0, to);
      }
      default -> {
        bytes.set(at, value);
        array[at] = (byte) value;
      }
    }
  }

  @Test
  void endWhereTheyEnd() {
    var bytes = new TrimmedBytes(256);
    assertEquals(256, bytes.size());
    assertThrows(IndexOutOfBoundsException.class, () -> bytes.get(256));
    assertThrows(IndexOutOfBoundsException.class, () -> bytes.set(256, 0));
    assertThrows(IndexOutOfBoundsException.class, () -> bytes.get(-1));
  }
}
