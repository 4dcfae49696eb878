// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.differential.mock;

import static io.iommufd4j.bindings.selftest.selftest_h.*;

import io.iommufd4j.differential.scene.Scene;
import io.iommufd4j.differential.scene.Shadow.Context;
import io.iommufd4j.differential.scene.Shadow.Ioas;
import io.iommufd4j.differential.scene.Shadow.MockDevice;

/** HWPTs on others, and their caches. */
final class NestingSequences extends MockSequence {

  NestingSequences(Scene scene) {
    super(scene);
  }

  void nesting(Context context) {
    Ioas ioas = ioas(context);
    MockDevice device = device(context, ioas, scene.hasPasids ? dice.of(0, 0, WITH_PASIDS) : 0);
    int parent = hwpt(context, device, ioas, PARENT);
    int one = nested(context, device, parent, 0, 0);
    int other = nested(context, device, parent, 0, 0);
    attach(context, device, one);
    int turns = dice.between(1, 6);
    for (int i = 0; i < turns; i++) {
      int table = dice.percent(60) ? one : other;
      switch (dice.below(6)) {
        case 0, 1, 2 -> invalidate(context, table, false, 0);
        case 3, 4 ->
            scene.sure(
                draft(context, IOMMU_TEST_OP_MD_CHECK_IOTLB(), table)
                    .set("check_iotlb.id", dice.below(5))
                    .set("check_iotlb.iotlb", dice.of(0, 0, 7, 0x0bad_beef)));
        default -> attach(context, device, dice.percent(70) ? table : parent);
      }
    }
    if (dice.percent(40)) {
      destroy(context, dice.percent(50) ? other : parent);
    }
  }
}
