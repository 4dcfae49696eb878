// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.differential.steps;

import static io.iommufd4j.bindings.selftest.selftest_h.IOMMU_HWPT_DATA_SELFTEST;
import static io.iommufd4j.bindings.selftest.selftest_h.IOMMU_HWPT_INVALIDATE_DATA_SELFTEST;
import static io.iommufd4j.bindings.selftest.selftest_h.IOMMU_HW_QUEUE_TYPE_SELFTEST;
import static io.iommufd4j.bindings.selftest.selftest_h.IOMMU_VEVENTQ_TYPE_SELFTEST;
import static io.iommufd4j.bindings.selftest.selftest_h.IOMMU_VIOMMU_TYPE_SELFTEST;

import io.iommufd4j.differential.program.Step;
import io.iommufd4j.differential.program.UserRegions;
import io.iommufd4j.differential.program.Value;
import io.iommufd4j.differential.scene.Addresses;
import io.iommufd4j.differential.scene.Dice;
import io.iommufd4j.differential.scene.Draft;
import io.iommufd4j.differential.scene.Scene;
import io.iommufd4j.differential.scene.Shadow;
import io.iommufd4j.differential.scene.Shadow.Area;
import io.iommufd4j.differential.scene.Shadow.Context;
import io.iommufd4j.differential.scene.Shadow.Hwpt;
import java.util.List;

/** Steps for the objects of nesting: fault queues, virtual IOMMUs and the objects on them. */
public final class ObjectSteps {

  private static final long U32 = 0xffff_ffffL;

  private final Scene scene;
  private final Dice dice;
  private final Addresses addresses;
  private final Shadow shadow;
  private final List<Step> steps;

  public ObjectSteps(Scene scene) {
    this.scene = scene;
    this.dice = scene.dice;
    this.addresses = scene.addresses;
    this.shadow = scene.shadow;
    this.steps = scene.steps;
  }

  public void step(Context context) {
    int chance = dice.below(100);
    if (chance < 4) {
      scene.send(new Draft(scene.file(context), "IOMMU_IOAS_CHANGE_PROCESS"));
    } else if (chance < 8) {
      physicalAddress(context);
    } else if (chance < 22) {
      nestedHwpt(context);
    } else if (chance < 36) {
      invalidate(context);
    } else if (chance < 46) {
      faultQueue(context);
    } else if (chance < 56) {
      viommu(context);
    } else if (chance < 66) {
      vdevice(context);
    } else if (chance < 74) {
      eventQueue(context);
    } else if (chance < 80) {
      hardwareQueue(context);
    } else {
      queueFile();
    }
  }

  private void physicalAddress(Context context) {
    scene.send(
        new Draft(scene.file(context), "IOMMU_IOAS_NOIOMMU_GET_PA")
            .set("ioas_id", new Value.ObjectSlot(scene.anyIoas(context).slot))
            .set("iova", addresses.iova())
            .set("length", addresses.length()));
  }

  private void nestedHwpt(Context context) {
    boolean mock = scene.mock(context) && dice.percent(80);
    int slot = shadow.newObject();
    int parent = parent(context);
    Value.Address data = addresses.buffer();
    store(data, new Value.Literal(dice.of(0, 1, 7, 0x0bad_beef) | (long) dice.below(2) << 32));
    Draft draft =
        new Draft(scene.file(context), "IOMMU_HWPT_ALLOC")
            .set("flags", dice.of(0, 0, 0, 0, 4, 8, 1))
            .set("dev_id", new Value.ObjectSlot(scene.anyDeviceId(context)))
            .set("pt_id", new Value.ObjectSlot(parent))
            .set("data_type", mock ? IOMMU_HWPT_DATA_SELFTEST() : dice.of(0, 1, 2, 3))
            .set("data_len", mock ? dice.of(8, 8, 8, 4, 16) : dice.of(8, 16, 24, 32))
            .set("data_uptr", data)
            .keepsObject("out_hwpt_id", slot);
    if (!context.faultQueues.isEmpty() && dice.percent(40)) {
      draft.set("flags", 4).set("fault_id", new Value.ObjectSlot(dice.of(context.faultQueues)));
    }
    scene.send(draft);
    context.nested.add(slot);
    context.hwpts.add(new Hwpt(slot, scene.anyIoas(context), 0));
  }

  private int parent(Context context) {
    int chance = dice.below(10);
    if (chance < 4 && !context.viommus.isEmpty()) {
      return dice.of(context.viommus);
    }
    var parents = context.hwpts.stream().filter(hwpt -> (hwpt.flags() & 1) != 0).toList();
    return parents.isEmpty() || chance == 9 ? scene.anyPageTable(context) : dice.of(parents).slot();
  }

  private void store(Value.Address at, Value... words) {
    boolean fits =
        at.region() == UserRegions.DATA
            && at.offset() + (long) words.length * Long.BYTES <= UserRegions.DATA_BYTES;
    if (fits) {
      steps.add(new Step.Store(at, List.of(words)));
    }
  }

  private void invalidate(Context context) {
    boolean viommu = !context.viommus.isEmpty() && dice.percent(40);
    int on =
        viommu
            ? dice.of(context.viommus)
            : context.nested.isEmpty() || dice.percent(10)
                ? scene.anyObject(context)
                : dice.of(context.nested);
    Value.Address data = addresses.buffer();
    int count = dice.between(0, 3);
    for (int i = 0; i < count; i++) {
      // flags and iotlb_id; or flags, vdev_id and cache_id.
      var at = new Value.Address(data.region(), data.offset() + (long) i * (viommu ? 12 : 8));
      long flags = dice.of(0, 0, 0, 1, 2);
      long second = dice.below(6);
      if (viommu) {
        store(at, new Value.Literal(flags | second << 32), new Value.Literal(dice.below(5)));
      } else {
        store(at, new Value.Literal(flags | second << 32));
      }
    }
    boolean mock = scene.mock(context) && dice.percent(85);
    scene.send(
        new Draft(scene.file(context), "IOMMU_HWPT_INVALIDATE")
            .set("hwpt_id", new Value.ObjectSlot(on))
            .set("data_uptr", data)
            .set("data_type", mock ? IOMMU_HWPT_INVALIDATE_DATA_SELFTEST() & U32 : dice.of(0, 0, 1))
            .set("entry_len", mock ? viommu ? 12 : 8 : dice.of(0, 8, 16, 24))
            .set("entry_num", dice.percent(85) ? count : dice.of(0, 1, 2, 1 << 19)));
  }

  private void faultQueue(Context context) {
    int queue = shadow.newFile();
    int slot = shadow.newObject();
    scene.send(
        new Draft(scene.file(context), "IOMMU_FAULT_QUEUE_ALLOC")
            .keepsObject("out_fault_id", slot)
            .keepsFile("out_fault_fd", queue));
    context.faultQueues.add(slot);
    shadow.eventQueues.add(queue);
  }

  private void viommu(Context context) {
    boolean mock = scene.mock(context) && dice.percent(85);
    int slot = shadow.newObject();
    Value.Address data = addresses.buffer();
    store(data, new Value.Literal(dice.below(100)));
    scene.send(
        new Draft(scene.file(context), "IOMMU_VIOMMU_ALLOC")
            .set("type", mock ? IOMMU_VIOMMU_TYPE_SELFTEST() & U32 : dice.of(0, 1, 1, 2))
            .set("dev_id", new Value.ObjectSlot(scene.anyDeviceId(context)))
            .set("hwpt_id", new Value.ObjectSlot(parent(context)))
            .set("data_len", mock ? dice.of(0, 24, 24, 8) : 0)
            .set("data_uptr", mock ? data : new Value.Literal(0))
            .keepsObject("out_viommu_id", slot));
    context.viommus.add(slot);
  }

  private void vdevice(Context context) {
    int slot = shadow.newObject();
    scene.send(
        new Draft(scene.file(context), "IOMMU_VDEVICE_ALLOC")
            .set("viommu_id", new Value.ObjectSlot(scene.anyViommu(context)))
            .set("dev_id", new Value.ObjectSlot(scene.anyDeviceId(context)))
            .set("virt_id", dice.of(0, 1, 2, 3, 0x99, 1L << 32))
            .keepsObject("out_vdevice_id", slot));
    context.vdevices.add(slot);
  }

  private void eventQueue(Context context) {
    boolean mock = scene.mock(context) && dice.percent(85);
    int slot = shadow.newObject();
    int queue = shadow.newFile();
    scene.send(
        new Draft(scene.file(context), "IOMMU_VEVENTQ_ALLOC")
            .set("viommu_id", new Value.ObjectSlot(scene.anyViommu(context)))
            .set("type", mock ? IOMMU_VEVENTQ_TYPE_SELFTEST() & U32 : dice.of(0, 1, 2))
            .set("veventq_depth", dice.of(0, 1, 2, 2, 3, 16))
            .keepsObject("out_veventq_id", slot)
            .keepsFile("out_veventq_fd", queue));
    context.queues.add(slot);
    shadow.eventQueues.add(queue);
  }

  /** Within one page: whether two lie side by side in memory is chance. */
  private void hardwareQueue(Context context) {
    boolean mock = scene.mock(context) && dice.percent(85);
    int slot = shadow.newObject();
    Area area = scene.anyArea(scene.anyIoas(context));
    long offset = dice.of(0, 0, 0, 8, 100);
    scene.send(
        new Draft(scene.file(context), "IOMMU_HW_QUEUE_ALLOC")
            .set("viommu_id", new Value.ObjectSlot(scene.anyViommu(context)))
            .set("type", mock ? IOMMU_HW_QUEUE_TYPE_SELFTEST() & U32 : dice.of(0, 1))
            .set("index", dice.of(0, 0, 1, 1, 2, 3))
            .set("nesting_parent_iova", (area.iova() & -Addresses.PAGE) + offset)
            .set("length", dice.of(Addresses.PAGE, 64, 8, 0) - (offset == 0 ? 0 : 8))
            .keepsObject("out_hw_queue_id", slot));
    context.queues.add(slot);
  }

  private void queueFile() {
    if (shadow.eventQueues.isEmpty()) {
      return;
    }
    int file = dice.of(shadow.eventQueues);
    int chance = dice.below(100);
    if (chance < 50) {
      steps.add(new Step.Read(file, (int) dice.of(0, 8, 12, 39, 40, 40, 40, 64, 80, 100, 128)));
    } else if (chance < 70) {
      steps.add(new Step.Poll(file, (int) dice.of(1, 4, 5, 0x19)));
    } else if (chance < 95) {
      long cookie = dice.of(0, 1, 1, 1, 2, 2, 3);
      steps.add(
          new Step.Write(
              file,
              (int) dice.of(0, 4, 8, 8, 8, 8, 12, 16),
              List.of(
                  new Value.Literal(cookie),
                  new Value.Literal(dice.of(0, 0, 1, 2)),
                  new Value.Literal(cookie + 1),
                  new Value.Literal(0))));
    } else {
      steps.add(new Step.Close(file));
      shadow.eventQueues.remove(Integer.valueOf(file));
    }
  }
}
