// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.differential.steps;

import io.iommufd4j.differential.program.BlockNames;
import io.iommufd4j.differential.program.Field;
import io.iommufd4j.differential.program.Step;
import io.iommufd4j.differential.program.Value;
import io.iommufd4j.differential.scene.Addresses;
import io.iommufd4j.differential.scene.Dice;
import io.iommufd4j.differential.scene.Scene;
import io.iommufd4j.differential.scene.Shadow;
import io.iommufd4j.differential.scene.Shadow.Context;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Steps whose requests make no sense: unknown numbers, random blocks. */
public final class GarbageSteps {

  /**
   * Requests that take or give a descriptor by number: a small one may be open on the lab's kernel
   * and is nothing on a simulated one, and one that is given would have to be kept.
   */
  private static final Set<Long> NAMING_FILES =
      Stream.of(
              "IOMMU_IOAS_MAP_FILE",
              "IOMMU_FAULT_QUEUE_ALLOC",
              "IOMMU_VEVENTQ_ALLOC",
              "VFIO_DEVICE_BIND_IOMMUFD",
              "VFIO_GROUP_SET_CONTAINER",
              "VFIO_DEVICE_SET_IRQS",
              "VFIO_DEVICE_IOEVENTFD")
          .map(name -> (long) BlockNames.number(name))
          .collect(Collectors.toUnmodifiableSet());

  private static final long DESTROY = BlockNames.number("IOMMU_DESTROY");

  private final Scene scene;
  private final Dice dice;
  private final Addresses addresses;
  private final Shadow shadow;
  private final List<Step> steps;

  public GarbageSteps(Scene scene) {
    this.scene = scene;
    this.dice = scene.dice;
    this.addresses = scene.addresses;
    this.shadow = scene.shadow;
    this.steps = scene.steps;
  }

  public void step(Context context) {
    int file = dice.percent(60) ? scene.file(context) : dice.below(shadow.files());
    int chance = dice.below(100);
    if (chance < 25) {
      // IOMMU_TEST_CMD is 0xa0; what follows the last command is nothing.
      long number = 0x3b00 | dice.of(0x7f, 0x80, 0x85, 0x8e, 0x96, 0x9f, 0xa1, 0x64, 0x70, 0xff);
      Value argument = dice.percent(50) ? new Value.Literal(dice.of(0, 8, -1)) : addresses.bad();
      steps.add(new Step.Plain(file, new Value.Literal(number).toString(), argument));
      return;
    }
    long number = 0x3b00 | (chance < 90 ? 0x80 + dice.below(0x18) : 0x64 + dice.below(0x14));
    if (NAMING_FILES.contains(number) || (scene.hasPasids && number == DESTROY)) {
      return;
    }
    var fields = new ArrayList<Field>();
    int words = 8;
    int size = (int) dice.of(8, 12, 16, 24, 32, 40, 48, 56, 64, 4, dice.below(72));
    for (int i = 0; i < words; i++) {
      long word =
          dice.of(
              0,
              0,
              0,
              dice.below(16),
              (long) dice.below(16) << 32,
              dice.below(16) | (long) dice.below(8) << 32,
              Addresses.PAGE,
              dice.word() | Long.MIN_VALUE,
              (long) dice.below(8) << 48);
      if (i == 0) {
        word = (word & ~0xffff_ffffL) | size;
      }
      boolean behind = (i + 1) * Long.BYTES > size;
      if (word != 0 && (!behind || dice.percent(20))) {
        fields.add(new Field(i * Long.BYTES, Long.BYTES, new Value.Literal(word)));
      }
    }
    steps.add(new Step.Ioctl(file, new Value.Literal(number).toString(), fields, List.of()));
  }
}
