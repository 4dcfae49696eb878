// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.differential;

import java.util.List;
import java.util.SplittableRandom;

/** The generator's random choices. The same seed gives the same choices. */
final class Dice {

  private final SplittableRandom random;

  Dice(long seed) {
    random = new SplittableRandom(seed);
  }

  /** True in so many of a hundred cases. */
  boolean percent(int chance) {
    return random.nextInt(100) < chance;
  }

  /** From 0 to below the bound. */
  int below(int bound) {
    return random.nextInt(bound);
  }

  /** Both ends included. */
  int between(int lowest, int highest) {
    return random.nextInt(lowest, highest + 1);
  }

  /** Any 64 bits. */
  long word() {
    return random.nextLong();
  }

  /** One of these; naming one twice doubles its chance. */
  long of(long... choices) {
    return choices[random.nextInt(choices.length)];
  }

  /** One of these. */
  <T> T of(List<T> choices) {
    return choices.get(random.nextInt(choices.size()));
  }
}
