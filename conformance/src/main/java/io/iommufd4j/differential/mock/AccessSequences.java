// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.differential.mock;

import static io.iommufd4j.bindings.selftest.selftest_h.*;

import io.iommufd4j.differential.scene.Scene;
import io.iommufd4j.differential.scene.Shadow;
import io.iommufd4j.differential.scene.Shadow.Area;
import io.iommufd4j.differential.scene.Shadow.Context;
import io.iommufd4j.differential.scene.Shadow.Ioas;

/** In-kernel users of an IOAS, which read, write and pin. */
final class AccessSequences extends MockSequence {

  AccessSequences(Scene scene) {
    super(scene);
  }

  void access(Context context) {
    Ioas ioas = ioas(context);
    map(context, ioas, dice.between(2, 4));
    if (dice.percent(50)) {
      device(context, ioas, 0);
    }
    int file = shadow.newFile();
    scene.sure(
        draft(context, IOMMU_TEST_OP_CREATE_ACCESS(), ioas.slot)
            .set("create_access.flags", dice.of(0, 1, 1))
            .keepsFile("create_access.out_access_fd", file));
    var access = new Shadow.Access(file);
    context.accesses.add(access);
    int turns = dice.between(3, 10);
    for (int i = 0; i < turns; i++) {
      Area area = scene.anyArea(ioas);
      long offset = dice.of(0, 0, 0, 100, PAGE, 4095);
      switch (dice.below(8)) {
        case 0, 1 -> pin(context, access, area, offset);
        case 2, 3, 4 -> touch(context, file, area, offset);
        case 5 -> {
          if (!access.pins.isEmpty()) {
            int pin = dice.of(access.pins);
            scene.sure(
                access(context, IOMMU_TEST_OP_DESTROY_ACCESS_PAGES(), file)
                    .set("destroy_access_pages.access_pages_id", object(pin)));
            access.pins.remove(Integer.valueOf(pin));
          }
        }
        case 6 -> unmap(context, ioas, area);
        default ->
            scene.sure(
                access(context, IOMMU_TEST_OP_ACCESS_REPLACE_IOAS(), file)
                    .set("access_replace_ioas.ioas_id", object(scene.anyIoas(context).slot)));
      }
    }
  }

  private void pin(Context context, Shadow.Access access, Area area, long offset) {
    int slot = shadow.newObject();
    scene.sure(
        access(context, IOMMU_TEST_OP_ACCESS_PAGES(), access.file)
            .set("access_pages.flags", dice.of(0, 1))
            .set("access_pages.iova", area.iova() + offset)
            .set("access_pages.length", dice.of(1, PAGE, Math.min(area.bytes(), 64 * PAGE)))
            .keepsObject("access_pages.out_access_pages_id", slot));
    access.pins.add(slot);
  }
}
