// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.differential.mock;

import static io.iommufd4j.bindings.selftest.selftest_h.*;

import io.iommufd4j.differential.program.Step;
import io.iommufd4j.differential.program.Value;
import io.iommufd4j.differential.scene.Scene;
import io.iommufd4j.differential.scene.Shadow.Context;
import io.iommufd4j.differential.scene.Shadow.Ioas;
import io.iommufd4j.differential.scene.Shadow.MockDevice;
import java.util.List;

/** Page requests of devices, and answers to them. */
final class PageRequestSequences extends MockSequence {

  PageRequestSequences(Scene scene) {
    super(scene);
  }

  void pageRequests(Context context) {
    Ioas ioas = ioas(context);
    MockDevice device = device(context, ioas, scene.hasPasids ? dice.of(0, WITH_PASIDS) : 0);
    int parent = hwpt(context, device, ioas, PARENT);
    int file = shadow.newFile();
    int queue = shadow.newObject();
    scene.sure(
        draft(context, "IOMMU_FAULT_QUEUE_ALLOC")
            .keepsObject("out_fault_id", queue)
            .keepsFile("out_fault_fd", file));
    context.faultQueues.add(queue);
    shadow.eventQueues.add(file);
    int table = nested(context, device, parent, FAULTS, queue);
    attach(context, device, table);
    int turns = dice.between(3, 10);
    for (int i = 0; i < turns; i++) {
      int chance = dice.below(100);
      if (chance < 40) {
        scene.sure(
            draft(context, IOMMU_TEST_OP_TRIGGER_IOPF(), device.idSlot())
                .set("trigger_iopf.dev_id", object(device.idSlot()))
                .set("trigger_iopf.pasid", dice.of(0, 0, 0, 1))
                .set("trigger_iopf.grpid", dice.below(4))
                .set("trigger_iopf.perm", dice.of(1, 2, 3))
                .set("trigger_iopf.addr", BASE * dice.below(100)));
      } else if (chance < 65) {
        steps.add(new Step.Read(file, (int) dice.of(0, 8, 39, 40, 40, 80, 100, 400)));
      } else if (chance < 85) {
        respond(file);
      } else if (chance < 90) {
        steps.add(new Step.Poll(file, (int) dice.of(1, 4, 5)));
      } else if (chance < 97) {
        attach(context, device, dice.percent(50) ? table : parent);
      } else {
        steps.add(new Step.Close(file));
        shadow.eventQueues.remove(Integer.valueOf(file));
      }
    }
    if (dice.percent(40)) {
      destroy(context, (int) dice.of(queue, table, device.selfSlot()));
    }
  }

  private void respond(int file) {
    long cookie = dice.of(0, 0, 1, 1, 1, 2, 3);
    steps.add(
        new Step.Write(
            file,
            (int) dice.of(8, 8, 8, 8, 16, 4, 12, 20),
            List.of(
                new Value.Literal(cookie),
                new Value.Literal(dice.of(0, 0, 0, 1, 2)),
                new Value.Literal(cookie + 1),
                new Value.Literal(dice.of(0, 1)))));
  }
}
