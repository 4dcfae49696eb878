// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.differential.mock;

import static io.iommufd4j.bindings.selftest.selftest_h.*;

import io.iommufd4j.differential.scene.Scene;
import io.iommufd4j.differential.scene.Shadow;
import io.iommufd4j.differential.scene.Shadow.Context;
import io.iommufd4j.differential.scene.Shadow.Ioas;
import io.iommufd4j.differential.scene.Shadow.MockDevice;
import java.util.ArrayList;

/** PASIDs: attached, replaced and detached. */
final class PasidSequences extends MockSequence {

  private static final int PASIDS = 8;

  PasidSequences(Scene scene) {
    super(scene);
  }

  void pasids(Context context) {
    Ioas ioas = ioas(context);
    Ioas second = ioas(context);
    MockDevice device = device(context, ioas, WITH_PASIDS);
    int one = hwpt(context, device, ioas, PASIDS);
    int other = hwpt(context, device, second, PASIDS);
    int plain = hwpt(context, device, second, 0);
    attach(context, device, dice.percent(80) ? one : plain);
    var used = new ArrayList<Long>();
    int turns = dice.between(3, 9);
    for (int i = 0; i < turns; i++) {
      int table = (int) dice.of(one, one, other, other, plain, ioas.slot);
      boolean known = !used.isEmpty() && dice.percent(70);
      long pasid = known ? dice.of(used) : dice.of(1, 2, 3, 1023, 1024, 1 << 20);
      switch (dice.below(6)) {
        case 0, 1 -> {
          pasid(context, IOMMU_TEST_OP_PASID_ATTACH(), device, "pasid_attach", pasid, table);
          used.add(pasid);
          shadow.attachedPasids.add(new Shadow.AttachedPasid(context, device.selfSlot(), pasid));
        }
        case 2, 3 ->
            pasid(context, IOMMU_TEST_OP_PASID_REPLACE(), device, "pasid_replace", pasid, table);
        case 4 ->
            steps.add(
                draft(context, IOMMU_TEST_OP_PASID_CHECK_HWPT(), device.selfSlot())
                    .set("pasid_check.pasid", pasid)
                    .set("pasid_check.hwpt_id", dice.percent(80) ? object(table) : object(0))
                    .step());
        default -> {
          steps.add(
              draft(context, IOMMU_TEST_OP_PASID_DETACH(), device.selfSlot())
                  .set("pasid_detach.pasid", pasid)
                  .step());
          used.remove(pasid);
        }
      }
    }
  }

  private void pasid(
      Context context, int operation, MockDevice device, String fields, long pasid, int table) {
    steps.add(
        draft(context, operation, device.selfSlot())
            .set(fields + ".pasid", pasid)
            .set(fields + ".pt_id", object(table))
            .step());
  }
}
