// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.differential.mock;

import static io.iommufd4j.bindings.selftest.selftest_h.*;

import io.iommufd4j.differential.program.BlockNames;
import io.iommufd4j.differential.program.UserRegions;
import io.iommufd4j.differential.program.Value;
import io.iommufd4j.differential.scene.Draft;
import io.iommufd4j.differential.scene.Scene;
import io.iommufd4j.differential.scene.Shadow.Area;
import io.iommufd4j.differential.scene.Shadow.Context;
import io.iommufd4j.differential.scene.Shadow.Hwpt;
import io.iommufd4j.differential.scene.Shadow.Ioas;
import io.iommufd4j.differential.scene.Shadow.MockDevice;

/**
 * Sequences that check the memory devices reach after maps, copies and unmaps, and that map many
 * areas.
 */
final class MappingSequences extends MockSequence {

  MappingSequences(Scene scene) {
    super(scene);
  }

  /** Checks what the domain of a mock device translates, after maps, copies and unmaps. */
  void checks(Context context) {
    Ioas ioas = ioas(context);
    map(context, ioas, dice.between(1, 4));
    int self = shadow.newObject();
    int hwpt = shadow.newObject();
    int id = shadow.newObject();
    scene.sure(
        draft(context, IOMMU_TEST_OP_MOCK_DOMAIN(), ioas.slot)
            .keepsObject("mock_domain.out_stdev_id", self)
            .keepsObject("mock_domain.out_hwpt_id", hwpt)
            .keepsObject("mock_domain.out_idev_id", id));
    context.mocks.add(new MockDevice(self, id));
    context.hwpts.add(new Hwpt(hwpt, ioas, 0));
    if (!scene.tracksDirty && dice.percent(40)) {
      scene.sure(memoryLimit(context, dice.of(65536, 65536, 16, 24, 100, 4096, 11, 0)));
    }
    int turns = dice.between(2, 7);
    for (int i = 0; i < turns; i++) {
      Area area = scene.anyArea(ioas);
      Value.Address from = area.from();
      switch (dice.below(7)) {
        case 5 -> chosen(context, ioas, hwpt);
        case 0, 1, 2 -> {
          if (from != null) {
            long skipped = area.bytes() > PAGE ? PAGE * dice.below(2) : 0;
            scene.sure(
                draft(context, IOMMU_TEST_OP_MD_CHECK_MAP(), hwpt)
                    .set("check_map.iova", area.iova() + skipped)
                    .set("check_map.length", area.bytes() - skipped)
                    .set(
                        "check_map.uptr",
                        new Value.Address(from.region(), from.offset() + skipped)));
          }
        }
        case 3 -> unmap(context, ioas, area);
        case 4 -> copy(context, ioas, area);
        default ->
            steps.add(
                new Draft(scene.file(context), BlockNames.TEST)
                    .set("op", IOMMU_TEST_OP_MD_CHECK_REFS())
                    .set("check_refs.length", PAGE)
                    .set(
                        "check_refs.uptr",
                        new Value.Address(UserRegions.DATA, PAGE * dice.below(56)))
                    .set("check_refs.refs", dice.below(3))
                    .step());
      }
    }
  }

  /** Maps at an IOVA that the kernel chooses; a slot keeps its lower half. */
  private void chosen(Context context, Ioas ioas, int hwpt) {
    int iova = shadow.newObject();
    int chosenReadWrite = 6;
    long bytes = PAGE * dice.between(1, 4);
    var from = new Value.Address(UserRegions.DATA, PAGE * dice.below(60));
    scene.sure(
        draft(context, "IOMMU_IOAS_MAP")
            .set("flags", chosenReadWrite)
            .set("ioas_id", object(ioas.slot))
            .set("user_va", from)
            .set("length", bytes)
            .keepsObject("iova", iova));
    scene.sure(
        draft(context, IOMMU_TEST_OP_MD_CHECK_MAP(), hwpt)
            .set("check_map.iova", object(iova))
            .set("check_map.length", bytes)
            .set("check_map.uptr", from));
    if (dice.percent(50)) {
      scene.sure(
          draft(context, "IOMMU_IOAS_UNMAP")
              .set("ioas_id", object(ioas.slot))
              .set("iova", object(iova))
              .set("length", bytes));
    }
  }

  void many(Context context) {
    Ioas ioas = ioas(context);
    int areas = dice.between(100, 250);
    int stride = (int) dice.of(1, 2, 2);
    if (dice.percent(50)) {
      device(context, ioas, 0);
    }
    for (int i = 0; i < areas; i++) {
      long iova = BASE + PAGE * stride * (dice.percent(97) ? i : dice.below(areas));
      var from = new Value.Address(UserRegions.DATA, PAGE * dice.below(64));
      scene.sure(
          draft(context, "IOMMU_IOAS_MAP")
              .set("flags", dice.percent(95) ? 7 : 6)
              .set("ioas_id", object(ioas.slot))
              .set("user_va", from)
              .set("length", PAGE)
              .set("iova", iova));
    }
    int turns = dice.between(5, 20);
    for (int i = 0; i < turns; i++) {
      long iova = BASE + PAGE * stride * dice.below(areas);
      long bytes = PAGE * dice.between(1, 60);
      switch (dice.below(4)) {
        case 0, 1 -> unmap(context, ioas, new Area(iova, bytes, null));
        case 2 -> copy(context, ioas, new Area(iova, bytes, null));
        default ->
            scene.sure(
                draft(context, "IOMMU_IOAS_IOVA_RANGES")
                    .set("ioas_id", object(ioas.slot))
                    .set("num_iovas", 16)
                    .set("allowed_iovas", addresses.buffer()));
      }
    }
    if (dice.percent(50)) {
      device(context, ioas, 0);
    }
  }
}
