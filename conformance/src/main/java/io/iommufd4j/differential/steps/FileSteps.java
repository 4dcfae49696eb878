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
import java.util.List;

/** Opens, closes and duplicates files; maps and unmaps memory. */
public final class FileSteps {

  static final int DEVICES = 4;

  private final Scene scene;
  private final Dice dice;
  private final Shadow shadow;
  private final List<Step> steps;

  public FileSteps(Scene scene) {
    this.scene = scene;
    this.dice = scene.dice;
    this.shadow = scene.shadow;
    this.steps = scene.steps;
  }

  public void openIommufd() {
    int file = shadow.newFile();
    steps.add(new Step.OpenIommufd(file));
    shadow.contexts.add(new Context(file));
  }

  public void openDevice() {
    if (!scene.mock) {
      openDevice(dice.below(DEVICES));
    }
  }

  private void openDevice(int index) {
    boolean open = shadow.devices.stream().anyMatch(device -> device.index == index);
    if (open && dice.percent(70)) {
      return;
    }
    int file = shadow.newFile();
    steps.add(new Step.OpenDevice(file, index));
    shadow.everOpened.add(index);
    shadow.devices.add(new Device(index, file));
  }

  public void bind(Device device, Context context) {
    int slot = shadow.newObject();
    Draft draft =
        new Draft(device.file, "VFIO_DEVICE_BIND_IOMMUFD")
            .set("iommufd", new Value.FileSlot(scene.file(context)))
            .keepsObject("out_devid", slot);
    scene.send(draft);
    if (device.context == null) {
      device.context = context;
      device.idSlot = slot;
    }
  }

  public void step() {
    int chance = dice.below(100);
    if (chance < 12) {
      openIommufd();
    } else if (chance < 24) {
      openDevice();
    } else if (chance < 36) {
      if (!shadow.devices.isEmpty()) {
        bind(dice.of(shadow.devices), scene.context());
      }
    } else if (chance < 46) {
      closeDevice();
    } else if (chance < 50) {
      closeContext();
    } else if (chance < 54) {
      duplicate();
    } else if (chance < 64) {
      int file = shadow.newFile();
      steps.add(new Step.OpenMemfd(file, Addresses.PAGE * dice.below(40) + dice.of(0, 0, 0, 100)));
      shadow.memfds.add(file);
    } else if (chance < 70) {
      int file = shadow.newFile();
      steps.add(new Step.OpenEventfd(file));
      shadow.eventfds.add(file);
    } else if (chance < 74) {
      if (!scene.hasPasids) {
        steps.add(new Step.Close(dice.below(shadow.files() + 1)));
      }
    } else if (chance < 80) {
      steps.add(new Step.Poll(dice.below(shadow.files()), (int) dice.of(1, 4, 5, 0x19)));
    } else if (chance < 85) {
      int file = dice.below(shadow.files());
      if (!scene.device(file)) {
        steps.add(new Step.Read(file, (int) dice.of(0, 4, 8, 40, 64, 100)));
      }
    } else if (chance < 88) {
      int file = dice.below(shadow.files());
      if (!scene.device(file)) {
        steps.add(
            new Step.Write(
                file,
                (int) dice.of(4, 8, 8, 16),
                List.of(new Value.Literal(1), new Value.Literal(0), new Value.Literal(2))));
      }
    } else if (chance < 90) {
      if (dice.percent(50)) {
        rebind();
      } else {
        unbind();
      }
    } else if (!scene.tracksDirty) {
      memory();
    }
  }

  /** Takes a device from vfio-pci, if a program can. */
  public void unbind() {
    int device = dice.below(DEVICES);
    if (shadow.unbound < 0 && !shadow.everOpened.contains(device)) {
      steps.add(new Step.Unbind(device));
      shadow.unbound = device;
    }
  }

  /** Gives it back; most programs use it then. */
  public void bindAgain() {
    steps.add(new Step.BindAgain());
    int device = shadow.unbound;
    shadow.unbound = -1;
    if (!scene.mock && dice.percent(75)) {
      openDevice(device);
    }
  }

  void rebind() {
    int device = dice.below(DEVICES);
    if (!shadow.everOpened.contains(device)) {
      steps.add(new Step.Rebind(device));
    }
  }

  private void duplicate() {
    Context context = scene.context();
    int file = shadow.newFile();
    int chance = dice.below(10);
    if (chance < 2 && !shadow.devices.isEmpty()) {
      Device device = dice.of(shadow.devices);
      steps.add(new Step.Dup(file, device.file));
      var same = new Device(device.index, file);
      same.context = device.context;
      same.idSlot = device.idSlot;
      shadow.devices.add(same);
    } else if (chance < 4 && !shadow.eventQueues.isEmpty()) {
      steps.add(new Step.Dup(file, dice.of(shadow.eventQueues)));
      shadow.eventQueues.add(file);
    } else if (chance < 5 && !context.accesses.isEmpty()) {
      steps.add(new Step.Dup(file, dice.of(context.accesses).file));
      context.accesses.add(new Shadow.Access(file));
    } else {
      steps.add(new Step.Dup(file, scene.file(context)));
      context.files.add(file);
    }
  }

  private void closeDevice() {
    if (shadow.devices.isEmpty()) {
      return;
    }
    Device device = dice.of(shadow.devices);
    steps.add(new Step.Close(device.file));
    shadow.devices.remove(device);
  }

  private void closeContext() {
    if (scene.hasPasids) {
      return;
    }
    Context context = scene.context();
    int file = scene.file(context);
    steps.add(new Step.Close(file));
    context.files.remove(Integer.valueOf(file));
    if (context.files.isEmpty()) {
      shadow.contexts.remove(context);
    }
  }

  private void memory() {
    if (!shadow.windows.isEmpty() && dice.percent(25)) {
      Shadow.Region window = dice.of(shadow.windows);
      steps.add(new Step.Unmap(window.slot()));
      shadow.windows.remove(window);
      return;
    }
    if (!shadow.regions.isEmpty() && dice.percent(50)) {
      Shadow.Region region = dice.of(shadow.regions);
      steps.add(new Step.Unmap(region.slot()));
      shadow.regions.remove(region);
      return;
    }
    int region = shadow.newRegion();
    int protection = (int) dice.of(1, 3, 3, 3);
    int shared = 1;
    long bytes = Addresses.PAGE * dice.between(1, 16);
    if (!shadow.memfds.isEmpty() && dice.percent(50)) {
      steps.add(new Step.Map(region, dice.of(shadow.memfds), bytes, protection, shared, 0));
    } else {
      int anonymous = 0x20;
      int type = (int) dice.of(1, 2, 2);
      steps.add(new Step.Map(region, -1, bytes, protection, anonymous | type, 0));
    }
    shadow.regions.add(new Shadow.Region(region, bytes));
  }
}
