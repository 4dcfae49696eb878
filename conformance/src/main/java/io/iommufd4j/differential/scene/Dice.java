// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.differential.scene;

import java.util.List;
import java.util.SplittableRandom;

/** The generator's random choices. The same seed gives the same choices. */
public final class Dice {

  private final SplittableRandom random;

  public Dice(long seed) {
    random = new SplittableRandom(seed);
  }

  /** True in so many of a hundred cases. */
  public boolean percent(int chance) {
    return random.nextInt(100) < chance;
  }

  /** From 0 to below the bound. */
  public int below(int bound) {
    return random.nextInt(bound);
  }

  /** Both ends included. */
  public int between(int lowest, int highest) {
    return random.nextInt(lowest, highest + 1);
  }

  /** Any 64 bits. */
  public long word() {
    return random.nextLong();
  }

  /** One of these; naming one twice doubles its chance. */
  public long of(long... choices) {
    return choices[random.nextInt(choices.length)];
  }

  /** One of these. */
  public <T> T of(List<T> choices) {
    return choices.get(random.nextInt(choices.size()));
  }
}
