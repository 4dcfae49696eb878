// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.differential.steps;

import io.iommufd4j.differential.program.Output;
import io.iommufd4j.differential.program.Step;
import io.iommufd4j.differential.program.UserRegions;
import io.iommufd4j.differential.program.Value;
import io.iommufd4j.differential.scene.Addresses;
import io.iommufd4j.differential.scene.Dice;
import io.iommufd4j.differential.scene.Draft;
import io.iommufd4j.differential.scene.Scene;
import io.iommufd4j.differential.scene.Shadow;
import io.iommufd4j.differential.scene.Shadow.Area;
import io.iommufd4j.differential.scene.Shadow.Container;
import io.iommufd4j.differential.scene.Shadow.Context;
import io.iommufd4j.differential.scene.Shadow.Device;
import io.iommufd4j.differential.scene.Shadow.Group;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** VFIO's groups and containers, type 1 and an iommufd in a container's place. */
public final class GroupSteps {

  /** The same on each IOMMU; a group has the first two. */
  private static final List<String> NAMES =
      List.of("0000:00:08.0", "0000:00:08.1", "0000:00:09.0", "0000:00:0a.0");

  private static final long PAGE = Addresses.PAGE;
  private static final long BASE = 0x10_0000;

  private final Scene scene;
  private final DeviceSequences devices;
  private final Dice dice;
  private final Addresses addresses;
  private final Shadow shadow;
  private final List<Step> steps;

  public GroupSteps(Scene scene, DeviceSequences devices) {
    this.scene = scene;
    this.devices = devices;
    this.dice = scene.dice;
    this.addresses = scene.addresses;
    this.shadow = scene.shadow;
    this.steps = scene.steps;
  }

  public void step(Context context) {
    int chance = dice.below(100);
    if (shadow.groups.isEmpty() || chance < 5) {
      sequence(context);
    } else if (chance < 10) {
      open(dice.below(FileSteps.DEVICES));
    } else if (chance < 16) {
      setContainer(group(), context);
    } else if (chance < 20) {
      steps.add(new Step.Plain(group().file, "VFIO_GROUP_UNSET_CONTAINER", new Value.Literal(0)));
    } else if (chance < 25) {
      scene.send(new Draft(group().file, "VFIO_GROUP_GET_STATUS"));
    } else if (chance < 33) {
      device(group());
    } else if (chance < 38) {
      close();
    } else if (shadow.containers.isEmpty() || chance < 40) {
      container();
    } else if (chance < 44) {
      iommu(dice.of(shadow.containers));
    } else if (chance < 66) {
      map(dice.of(shadow.containers));
    } else if (chance < 80) {
      unmap(dice.of(shadow.containers));
    } else if (chance < 86) {
      scene.send(
          new Draft(dice.of(shadow.containers).file, "VFIO_IOMMU_GET_INFO")
              .set("argsz", dice.of(16, 20, 24, 32, 56, 88, 160, 240)));
    } else if (chance < 92) {
      dirty(dice.of(shadow.containers));
    } else if (chance < 96) {
      steps.add(
          new Step.Plain(
              dice.of(shadow.containers).file,
              "VFIO_CHECK_EXTENSION",
              new Value.Literal(dice.below(14))));
    } else {
      Device device = shadow.devices.isEmpty() ? null : dice.of(shadow.devices);
      if (device != null && dice.percent(35)) {
        Container container = dice.of(shadow.containers);
        devices.command(device, 6);
        devices.dma(device, area(container), area(container));
      }
    }
  }

  /** All that DMA takes, in its order. */
  private void sequence(Context context) {
    Group group = open(dice.below(FileSteps.DEVICES));
    if (dice.percent(25)) {
      compatible(context, group);
      return;
    }
    Container container =
        shadow.containers.isEmpty() || dice.percent(40) ? container() : dice.of(shadow.containers);
    enter(group, container.file);
    iommu(container);
    int areas = dice.between(1, 5);
    long iova = BASE;
    for (int i = 0; i < areas; i++) {
      long bytes = PAGE * dice.between(1, 6);
      map(container, iova, bytes, new Value.Address(UserRegions.DATA, PAGE * dice.below(58)));
      iova += bytes + PAGE * dice.of(0, 0, 2);
    }
    device(group);
  }

  private void compatible(Context context, Group group) {
    int slot = shadow.newObject();
    scene.sure(new Draft(scene.file(context), "IOMMU_IOAS_ALLOC").keepsObject("out_ioas_id", slot));
    scene.sure(
        new Draft(scene.file(context), "IOMMU_VFIO_IOAS")
            .set("op", 1)
            .set("ioas_id", new Value.ObjectSlot(slot)));
    enter(group, scene.file(context));
    steps.add(
        new Step.Plain(
            scene.file(context), "VFIO_SET_IOMMU", new Value.Literal(dice.of(1, 3, 3, 3))));
    var container = new Container(scene.file(context));
    shadow.containers.add(container);
    map(container);
    device(group);
    context.ioas.add(new Shadow.Ioas(slot));
  }

  private Group open(int device) {
    int file = shadow.newFile();
    steps.add(new Step.OpenGroup(file, device));
    var group = new Group(device, file);
    shadow.groups.add(group);
    return group;
  }

  private Group group() {
    return dice.of(shadow.groups);
  }

  private Container container() {
    int file = shadow.newFile();
    steps.add(new Step.OpenContainer(file));
    var container = new Container(file);
    shadow.containers.add(container);
    return container;
  }

  private void setContainer(Group group, Context context) {
    int chance = dice.below(100);
    int file =
        chance < 60 && !shadow.containers.isEmpty()
            ? dice.of(shadow.containers).file
            : chance < 85 ? scene.file(context) : dice.below(shadow.files() + 1);
    enter(group, file);
  }

  private void enter(Group group, int file) {
    steps.add(
        new Draft(group.file, "VFIO_GROUP_SET_CONTAINER")
            .at(0, Integer.BYTES, new Value.FileSlot(file))
            .step());
  }

  private void iommu(Container container) {
    steps.add(
        new Step.Plain(
            container.file, "VFIO_SET_IOMMU", new Value.Literal(dice.of(3, 3, 3, 3, 1, 1, 8, 0))));
  }

  private void device(Group group) {
    int index = dice.percent(85) ? group.device : dice.below(FileSteps.DEVICES);
    String name = dice.percent(95) ? NAMES.get(index) : dice.percent(50) ? "0000:00:08.7" : "";
    int file = shadow.newFile();
    var draft = new Draft(group.file, "VFIO_GROUP_GET_DEVICE_FD");
    byte[] text = name.getBytes(StandardCharsets.US_ASCII);
    for (int at = 0; at < text.length; at += Long.BYTES) {
      long word = 0;
      for (int i = 0; i < Math.min(Long.BYTES, text.length - at); i++) {
        word |= (long) text[at + i] << (8 * i);
      }
      draft.at(at, Long.BYTES, new Value.Literal(word));
    }
    steps.add(draft.keepsFile(Output.RESULT, file).step());
    shadow.everOpened.add(index);
    shadow.devices.add(new Device(index, file));
  }

  private void map(Container container) {
    boolean apart = dice.percent(60);
    long iova = apart ? BASE + PAGE * dice.below(64) : addresses.iova();
    map(container, iova, addresses.length(), addresses.pages());
  }

  private void map(Container container, long iova, long bytes, Value.Address from) {
    scene.send(
        new Draft(container.file, "VFIO_IOMMU_MAP_DMA")
            .set("flags", dice.of(3, 3, 3, 3, 3, 1, 2, 0, 4))
            .set("vaddr", from)
            .set("iova", iova)
            .set("size", bytes));
    container.areas.add(new Area(iova, bytes, from));
  }

  private Area area(Container container) {
    return container.areas.isEmpty() || dice.percent(5)
        ? new Area(addresses.iova(), addresses.length(), null)
        : dice.of(container.areas);
  }

  private void unmap(Container container) {
    Area area = area(container);
    boolean all = dice.percent(5);
    long flags = all ? 2 : dice.of(0, 0, 0, 0, 0, 0, 1, 4);
    Draft draft =
        new Draft(container.file, "VFIO_IOMMU_UNMAP_DMA")
            .set("flags", flags)
            .set("iova", all ? 0 : area.iova() + PAGE * dice.of(0, 0, 0, 0, 1))
            .set("size", all ? 0 : area.bytes() - PAGE * dice.of(0, 0, 0, 0, 1));
    if (flags == 1) {
      draft
          .set("argsz", 48)
          .at(24, 8, new Value.Literal(dice.of(PAGE, PAGE, PAGE, 2048)))
          .at(32, 8, new Value.Literal(dice.of(8, 8, 64, 0)))
          .at(40, 8, addresses.buffer());
    }
    scene.send(draft);
    container.areas.remove(area);
  }

  private void dirty(Container container) {
    int start = 1;
    int get = 4;
    long flags = dice.of(start, 2, get, get, get, start, 3);
    Draft draft = new Draft(container.file, "VFIO_IOMMU_DIRTY_PAGES").set("flags", flags);
    if (flags == get) {
      Area area = area(container);
      draft
          .set("argsz", 48)
          .at(8, 8, new Value.Literal(area.iova()))
          .at(16, 8, new Value.Literal(area.bytes()))
          .at(24, 8, new Value.Literal(dice.of(PAGE, PAGE, PAGE, PAGE, 2048)))
          .at(32, 8, new Value.Literal(dice.of(8, 8, 8, 64, 0)))
          .at(40, 8, addresses.buffer());
    }
    scene.send(draft);
  }

  private void close() {
    int chance = dice.below(3);
    if (chance == 0 && !shadow.containers.isEmpty()) {
      Container container = dice.of(shadow.containers);
      boolean iommufd =
          shadow.contexts.stream().anyMatch(context -> context.files.contains(container.file));
      shadow.containers.remove(container);
      if (!iommufd) {
        steps.add(new Step.Close(container.file));
      }
    } else if (chance == 1) {
      Group group = group();
      steps.add(new Step.Close(group.file));
      shadow.groups.remove(group);
    } else if (!shadow.devices.isEmpty()) {
      Device device = dice.of(shadow.devices);
      steps.add(new Step.Close(device.file));
      shadow.devices.remove(device);
    }
  }
}
