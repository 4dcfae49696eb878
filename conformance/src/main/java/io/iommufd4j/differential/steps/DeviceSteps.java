// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.differential.steps;

import io.iommufd4j.differential.program.Step;
import io.iommufd4j.differential.program.Value;
import io.iommufd4j.differential.scene.Addresses;
import io.iommufd4j.differential.scene.Dice;
import io.iommufd4j.differential.scene.Draft;
import io.iommufd4j.differential.scene.Scene;
import io.iommufd4j.differential.scene.Shadow;
import io.iommufd4j.differential.scene.Shadow.Context;
import io.iommufd4j.differential.scene.Shadow.Device;
import io.iommufd4j.differential.scene.Shadow.Hwpt;
import java.util.List;

/** Requests on VFIO devices. */
public final class DeviceSteps {

  private final FileSteps files;
  private final Scene scene;
  private final Dice dice;
  private final Addresses addresses;
  private final Shadow shadow;
  private final List<Step> steps;

  public DeviceSteps(Scene scene, FileSteps files) {
    this.files = files;
    this.scene = scene;
    this.dice = scene.dice;
    this.addresses = scene.addresses;
    this.shadow = scene.shadow;
    this.steps = scene.steps;
  }

  public void step(Context context) {
    int chance = dice.below(100);
    if (shadow.devices.isEmpty()) {
      files.openDevice();
      return;
    }
    Device device = dice.of(shadow.devices);
    if (chance < 35) {
      attachAny(context);
    } else if (chance < 45) {
      scene.send(detach(device, dice.percent(10)));
      device.attached = false;
    } else if (chance < 50) {
      files.bind(device, context);
    } else if (chance < 58) {
      deviceInfo(device);
    } else if (chance < 66) {
      feature(device);
    } else if (chance < 78) {
      hwInfo(context, device);
    } else if (chance < 90) {
      int region = (int) dice.of(7, 7, 7, 7, 0, 1, 6, 8, 9);
      // The edu device's registers below 0x40 say what it is; others are its state.
      long within = region == 7 ? dice.below(300) : dice.of(0, 0, 4, 8, 12, 1 << 20);
      // It takes four bytes or eight at a time there.
      int bytes = (int) (region == 0 ? dice.of(4, 4, 8) : dice.of(1, 2, 4, 4, 4, 8, 3));
      steps.add(new Step.ReadAt(device.file, bytes, ((long) region << 40) + within));
    } else {
      interrupts(device);
    }
  }

  void attachAny(Context context) {
    if (scene.mock) {
      return;
    }
    if (shadow.devices.isEmpty()) {
      files.openDevice();
      files.bind(shadow.devices.getFirst(), context);
    }
    Device device = scene.anyDevice(context);
    if (device.attached && dice.percent(25)) {
      scene.send(detach(device, dice.percent(7)));
      device.attached = false;
      return;
    }
    int slot = shadow.newObject();
    Draft draft =
        new Draft(device.file, "VFIO_DEVICE_ATTACH_IOMMUFD_PT")
            .set("pt_id", new Value.ObjectSlot(scene.anyPageTable(context)))
            .keepsObject("pt_id", slot);
    if (dice.percent(7)) {
      draft.set("flags", 1).set("pasid", dice.of(0, 1, 1, 2, 100, 1 << 20));
    } else {
      device.attached = true;
    }
    scene.send(draft);
    if (dice.percent(50)) {
      context.hwpts.add(new Hwpt(slot, scene.anyIoas(context), 0));
    }
  }

  private Draft detach(Device device, boolean pasid) {
    Draft draft = new Draft(device.file, "VFIO_DEVICE_DETACH_IOMMUFD_PT");
    return pasid ? draft.set("flags", 1).set("pasid", dice.of(0, 1, 1, 2)) : draft;
  }

  private void deviceInfo(Device device) {
    switch (dice.below(3)) {
      case 0 -> scene.send(new Draft(device.file, "VFIO_DEVICE_GET_INFO"));
      case 1 ->
          scene.send(
              new Draft(device.file, "VFIO_DEVICE_GET_REGION_INFO").set("index", dice.below(11)));
      default ->
          scene.send(
              new Draft(device.file, "VFIO_DEVICE_GET_IRQ_INFO").set("index", dice.below(6)));
    }
  }

  private void feature(Device device) {
    int probe = 1 << 18;
    int get = 1 << 16;
    int set = 1 << 17;
    long flags = dice.below(13) | dice.of(probe, probe, get, get, probe | get, probe | set);
    int struct = 8;
    scene.send(
        new Draft(device.file, "VFIO_DEVICE_FEATURE")
            .set("argsz", struct + dice.of(0, 8, 16, 24))
            .set("flags", flags));
  }

  private void interrupts(Device device) {
    Draft draft =
        new Draft(device.file, "VFIO_DEVICE_SET_IRQS")
            .set("flags", dice.of(0x21, 0x22, 0x24, 0x24, 0x0c, 0x11, 0x09))
            .set("index", dice.below(5))
            .set("start", dice.of(0, 0, 0, 1))
            .set("count", dice.of(0, 1, 1, 1, 2));
    int header = 20;
    draft.set("argsz", header + dice.of(0, 4, 4, 8));
    for (int i = 0; i < 2; i++) {
      draft.at(
          header + i * Integer.BYTES,
          Integer.BYTES,
          shadow.eventfds.isEmpty()
              ? new Value.FileSlot(shadow.files())
              : new Value.FileSlot(dice.of(shadow.eventfds)));
    }
    scene.send(draft);
  }

  private void hwInfo(Context context, Device device) {
    scene.send(
        new Draft(scene.file(context), "IOMMU_GET_HW_INFO")
            .set("flags", dice.of(0, 0, 0, 1))
            .set("dev_id", new Value.ObjectSlot(device.idSlot))
            .set("data_len", dice.of(0, 4, 8, 16, 24, 40, 64))
            .set("data_uptr", addresses.buffer())
            .set("in_data_type", dice.of(0, 0, 0, 1, 2, 4)));
  }
}
