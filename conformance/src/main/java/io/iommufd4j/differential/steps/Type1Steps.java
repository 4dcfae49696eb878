// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.differential.steps;

import io.iommufd4j.differential.program.Step;
import io.iommufd4j.differential.program.Value;
import io.iommufd4j.differential.scene.Addresses;
import io.iommufd4j.differential.scene.Dice;
import io.iommufd4j.differential.scene.Draft;
import io.iommufd4j.differential.scene.Scene;
import io.iommufd4j.differential.scene.Shadow;
import io.iommufd4j.differential.scene.Shadow.Area;
import io.iommufd4j.differential.scene.Shadow.Context;
import java.util.List;

/** VFIO's type1 requests, which an iommufd answers as well. */
public final class Type1Steps {

  private final Scene scene;
  private final Dice dice;
  private final Addresses addresses;
  private final Shadow shadow;
  private final List<Step> steps;

  public Type1Steps(Scene scene) {
    this.scene = scene;
    this.dice = scene.dice;
    this.addresses = scene.addresses;
    this.shadow = scene.shadow;
    this.steps = scene.steps;
  }

  public void step(Context context) {
    int chance = dice.below(100);
    int file = scene.file(context);
    if (chance < 12) {
      int slot = shadow.newObject();
      Draft draft =
          new Draft(file, "IOMMU_VFIO_IOAS")
              .set("op", dice.of(0, 1, 1, 1, 2))
              .set("ioas_id", new Value.ObjectSlot(scene.anyIoas(context).slot));
      if (dice.percent(50)) {
        draft.keepsObject("ioas_id", slot);
      }
      scene.send(draft);
    } else if (chance < 45) {
      scene.send(
          new Draft(file, "VFIO_IOMMU_MAP_DMA")
              .set("flags", dice.of(3, 3, 3, 1, 2, 0, 4))
              .set("vaddr", addresses.pages())
              .set("iova", addresses.iova())
              .set("size", addresses.length()));
    } else if (chance < 70) {
      Area area = scene.anyArea(scene.anyIoas(context));
      boolean known = dice.percent(70);
      boolean all = dice.percent(10);
      scene.send(
          new Draft(file, "VFIO_IOMMU_UNMAP_DMA")
              .set("flags", all ? 2 : dice.of(0, 0, 0, 0, 1, 4))
              .set("iova", all ? 0 : known ? area.iova() : addresses.iova())
              .set("size", all ? 0 : known ? area.bytes() : addresses.length()));
    } else if (chance < 80) {
      scene.send(
          new Draft(file, "VFIO_IOMMU_GET_INFO")
              .set("argsz", dice.of(16, 20, 24, 32, 56, 88, 160, 240)));
    } else if (chance < 88) {
      steps.add(new Step.Plain(file, "VFIO_SET_IOMMU", new Value.Literal(dice.of(1, 3, 3, 8))));
    } else if (chance < 94) {
      steps.add(new Step.Plain(file, "VFIO_CHECK_EXTENSION", new Value.Literal(dice.below(14))));
    } else if (chance < 96) {
      steps.add(new Step.Plain(file, "VFIO_GET_API_VERSION", new Value.Literal(0)));
    } else {
      scene.send(new Draft(file, "VFIO_IOMMU_DIRTY_PAGES").set("flags", dice.of(1, 2, 4)));
    }
  }
}
