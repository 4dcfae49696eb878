// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.differential.mock;

import static io.iommufd4j.bindings.selftest.selftest_h.*;

import io.iommufd4j.differential.program.Step;
import io.iommufd4j.differential.program.Value;
import io.iommufd4j.differential.scene.Scene;
import io.iommufd4j.differential.scene.Shadow;
import io.iommufd4j.differential.scene.Shadow.Area;
import io.iommufd4j.differential.scene.Shadow.Context;
import io.iommufd4j.differential.scene.Shadow.Ioas;
import io.iommufd4j.differential.scene.Shadow.MockDevice;

/** Virtual IOMMUs: their devices, events, queues and the page they lend. */
final class ViommuSequences extends MockSequence {

  private static final long U32 = 0xffff_ffffL;

  ViommuSequences(Scene scene) {
    super(scene);
  }

  void viommu(Context context) {
    Ioas ioas = ioas(context);
    map(context, ioas, dice.between(1, 3));
    MockDevice device = device(context, ioas, 0);
    int parent = hwpt(context, device, ioas, PARENT);
    int viommu = shadow.newObject();
    Value.Address data = data();
    store(data, dice.below(1000));
    scene.sure(
        draft(context, "IOMMU_VIOMMU_ALLOC")
            .set("type", IOMMU_VIOMMU_TYPE_SELFTEST() & U32)
            .set("dev_id", object(device.idSlot()))
            .set("hwpt_id", object(parent))
            .set("data_len", dice.of(24, 24, 24, 24, 0, 32))
            .set("data_uptr", data)
            .keepsObject("out_viommu_id", viommu));
    context.viommus.add(viommu);
    long virtualId = dice.below(4);
    if (dice.percent(85)) {
      vdevice(context, device, viommu, virtualId);
    }
    int events = -1;
    int turns = dice.between(3, 9);
    for (int i = 0; i < turns; i++) {
      switch (dice.below(9)) {
        case 0 -> events = eventQueue(context, viommu);
        case 1 -> events(context, device, events < 0 ? eventQueue(context, viommu) : events);
        case 2 -> invalidate(context, viommu, true, virtualId);
        case 3, 4 ->
            scene.sure(
                draft(context, IOMMU_TEST_OP_DEV_CHECK_CACHE(), device.idSlot())
                    .set("check_dev_cache.id", dice.below(5))
                    .set("check_dev_cache.cache", dice.of(0, 0, 0x00ba_ddad)));
        case 5, 6 -> hardwareQueue(context, viommu, scene.anyArea(ioas));
        case 7 -> attach(context, device, nested(context, device, viommu, 0, 0));
        default -> window(context);
      }
    }
    if (dice.percent(50)) {
      int gone =
          (int) dice.of(viommu, parent, device.selfSlot(), ioas.slot, device.selfSlot(), viommu);
      destroy(context, gone);
    }
  }

  private void vdevice(Context context, MockDevice device, int viommu, long virtualId) {
    int slot = shadow.newObject();
    scene.sure(
        draft(context, "IOMMU_VDEVICE_ALLOC")
            .set("viommu_id", object(viommu))
            .set("dev_id", object(device.idSlot()))
            .set("virt_id", virtualId)
            .keepsObject("out_vdevice_id", slot));
    context.vdevices.add(slot);
  }

  private int eventQueue(Context context, int viommu) {
    int slot = shadow.newObject();
    int file = shadow.newFile();
    scene.sure(
        draft(context, "IOMMU_VEVENTQ_ALLOC")
            .set("viommu_id", object(viommu))
            .set("type", IOMMU_VEVENTQ_TYPE_SELFTEST() & U32)
            .set("veventq_depth", dice.of(1, 2, 2, 3, 16))
            .keepsObject("out_veventq_id", slot)
            .keepsFile("out_veventq_fd", file));
    context.queues.add(slot);
    shadow.eventQueues.add(file);
    return file;
  }

  private void events(Context context, MockDevice device, int file) {
    int count = dice.between(1, 5);
    for (int i = 0; i < count; i++) {
      scene.sure(
          draft(context, IOMMU_TEST_OP_TRIGGER_VEVENT(), device.idSlot())
              .set("trigger_vevent.dev_id", object(device.idSlot())));
      if (dice.percent(30)) {
        steps.add(new Step.Poll(file, (int) dice.of(1, 4, 5)));
      }
    }
    int reads = dice.between(1, 4);
    for (int i = 0; i < reads; i++) {
      steps.add(new Step.Read(file, (int) dice.of(0, 4, 7, 8, 11, 12, 12, 16, 20, 24, 36, 100)));
    }
  }

  private void hardwareQueue(Context context, int viommu, Area area) {
    int slot = shadow.newObject();
    long offset = dice.of(0, 0, 0, 8, 100);
    scene.sure(
        draft(context, "IOMMU_HW_QUEUE_ALLOC")
            .set("viommu_id", object(viommu))
            .set("type", IOMMU_HW_QUEUE_TYPE_SELFTEST() & U32)
            .set("index", dice.of(0, 0, 0, 1, 1, 2))
            .set("nesting_parent_iova", (area.iova() & -PAGE) + offset)
            .set("length", offset == 0 ? dice.of(PAGE, PAGE, 64, 2 * PAGE) : dice.of(64, 8))
            .keepsObject("out_hw_queue_id", slot));
    context.queues.add(slot);
    if (dice.percent(30)) {
      destroy(context, slot);
    }
  }

  /** The page that a virtual IOMMU lends user space; the first one's offset is mostly this. */
  private void window(Context context) {
    int region = shadow.newRegion();
    long bytes = PAGE * dice.of(1, 2, 2, 2, 2, 3);
    steps.add(
        new Step.Map(
            region,
            scene.file(context),
            bytes,
            (int) dice.of(3, 3, 1, 0),
            (int) dice.of(1, 1, 1, 2),
            PAGE * dice.of(0, 1, 1, 1, 1, 2, 3)));
    shadow.windows.add(new Shadow.Region(region, bytes));
  }
}
