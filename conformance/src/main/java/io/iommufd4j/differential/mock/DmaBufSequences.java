// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.differential.mock;

import static io.iommufd4j.bindings.selftest.selftest_h.*;

import io.iommufd4j.differential.program.BlockNames;
import io.iommufd4j.differential.program.Output;
import io.iommufd4j.differential.program.Step;
import io.iommufd4j.differential.program.Value;
import io.iommufd4j.differential.scene.Draft;
import io.iommufd4j.differential.scene.Scene;
import io.iommufd4j.differential.scene.Shadow.Area;
import io.iommufd4j.differential.scene.Shadow.Context;
import io.iommufd4j.differential.scene.Shadow.Ioas;
import io.iommufd4j.differential.scene.Shadow.MockDevice;

/** DMA-BUFs of the kernel's own, mapped and revoked. */
final class DmaBufSequences extends MockSequence {

  DmaBufSequences(Scene scene) {
    super(scene);
  }

  void dmaBuf(Context context) {
    int file = shadow.newFile();
    long pages = dice.of(1, 2, 3, 5, 16, 512);
    steps.add(
        draft(context, IOMMU_TEST_OP_DMABUF_GET(), 0)
            .set("id", 0)
            .set("dmabuf_get.length", dice.percent(95) ? PAGE * pages : dice.of(0, 100, 513 * PAGE))
            .set("dmabuf_get.open_flags", 2)
            .keepsFile(Output.LOWEST, file)
            .step());
    shadow.dmaBufs.add(file);
    Ioas ioas = ioas(context);
    MockDevice device = dice.percent(70) ? device(context, ioas, 0) : null;
    int turns = dice.between(2, 7);
    for (int i = 0; i < turns; i++) {
      int buffer = dice.of(shadow.dmaBufs);
      int chance = dice.below(100);
      Area area = scene.anyArea(ioas);
      if (chance < 45) {
        mapDmaBuf(context, ioas, buffer, pages);
      } else if (chance < 60) {
        scene.sure(
            new Draft(scene.file(context), BlockNames.TEST)
                .set("op", IOMMU_TEST_OP_DMABUF_REVOKE())
                .set("dmabuf_revoke.dmabuf_fd", new Value.FileSlot(buffer))
                .set("dmabuf_revoke.revoked", dice.of(0, 1)));
      } else if (chance < 70) {
        unmap(context, ioas, area);
      } else if (chance < 78) {
        copy(context, ioas, area);
      } else if (chance < 88 && !context.accesses.isEmpty()) {
        touch(context, dice.of(context.accesses).file, area, 0);
      } else if (chance < 94) {
        device(context, ioas, 0);
      } else if (device != null && chance < 97) {
        hwpt(context, device, ioas, 0);
      } else {
        steps.add(new Step.Close(buffer));
      }
    }
  }

  private void mapDmaBuf(Context context, Ioas ioas, int buffer, long pages) {
    long start = PAGE * dice.of(0, 0, 0, 1) + dice.of(0, 0, 0, 0, 0, 100, 2048);
    long bytes = PAGE * dice.of(pages, pages, 1, 2) - (dice.percent(20) ? start : 0);
    long iova = BASE + PAGE * dice.below(64);
    scene.sure(
        draft(context, "IOMMU_IOAS_MAP_FILE")
            .set("flags", dice.of(7, 7, 7, 7, 6, 5))
            .set("ioas_id", object(ioas.slot))
            .set("fd", new Value.FileSlot(buffer))
            .set("start", start)
            .set("length", bytes)
            .set("iova", iova));
    ioas.areas.add(new Area(iova, bytes, null));
  }
}
