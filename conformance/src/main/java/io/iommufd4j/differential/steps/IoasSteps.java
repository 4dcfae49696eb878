// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.differential.steps;

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
import io.iommufd4j.differential.scene.Shadow.Ioas;
import java.util.ArrayList;
import java.util.List;

/** Page tables and what is mapped in them. */
public final class IoasSteps {

  private final DeviceSteps devices;
  private final Scene scene;
  private final Dice dice;
  private final Addresses addresses;
  private final Shadow shadow;
  private final List<Step> steps;

  public IoasSteps(Scene scene, DeviceSteps devices) {
    this.devices = devices;
    this.scene = scene;
    this.dice = scene.dice;
    this.addresses = scene.addresses;
    this.shadow = scene.shadow;
    this.steps = scene.steps;
  }

  public void step(Context context) {
    int chance = dice.below(100);
    if (chance < 5) {
      ioasAlloc(context);
    } else if (chance < 11) {
      destroy(context);
    } else if (chance < 33) {
      map(context);
    } else if (chance < 39) {
      mapFile(context);
    } else if (chance < 49) {
      copy(context);
    } else if (chance < 60) {
      unmap(context);
    } else if (chance < 65) {
      iovaRanges(context);
    } else if (chance < 69) {
      allowIovas(context);
    } else if (chance < 73) {
      option(context);
    } else if (chance < 80) {
      hwptAlloc(context);
    } else if (chance < 97) {
      devices.attachAny(context);
    } else {
      dirty(context);
    }
  }

  public void ioasAlloc(Context context) {
    int slot = shadow.newObject();
    scene.send(new Draft(scene.file(context), "IOMMU_IOAS_ALLOC").keepsObject("out_ioas_id", slot));
    context.ioas.add(new Ioas(slot));
  }

  private void destroy(Context context) {
    if (scene.hasPasids) {
      map(context);
      return;
    }
    int slot = scene.anyObject(context);
    scene.send(
        new Draft(scene.file(context), "IOMMU_DESTROY").set("id", new Value.ObjectSlot(slot)));
    // An IOAS with mappings is refused only while something uses it.
    if (context.hwpts.stream().noneMatch(hwpt -> hwpt.ioas().slot == slot)) {
      context.ioas.removeIf(ioas -> ioas.slot == slot);
    }
    context.hwpts.removeIf(hwpt -> hwpt.slot() == slot && dice.percent(50));
    context.faultQueues.remove(Integer.valueOf(slot));
    context.vdevices.remove(Integer.valueOf(slot));
  }

  private void map(Context context) {
    Ioas ioas = scene.anyIoas(context);
    long iova = addresses.iova();
    long bytes = addresses.length();
    Value.Address from = addresses.pages();
    long flags = mapFlags();
    Draft draft =
        new Draft(scene.file(context), "IOMMU_IOAS_MAP")
            .set("flags", flags)
            .set("ioas_id", new Value.ObjectSlot(ioas.slot))
            .set("user_va", from)
            .set("length", bytes)
            .set("iova", iova);
    if (!shadow.regions.isEmpty() && dice.percent(15)) {
      // Where the memory lies would show in an IOVA of the kernel's choice.
      flags = 7;
      Shadow.Region region = dice.of(shadow.regions);
      int pages = (int) (region.bytes() / Addresses.PAGE);
      int skipped = dice.below(pages);
      from = new Value.Address(region.slot(), Addresses.PAGE * skipped);
      bytes = Addresses.PAGE * dice.between(1, pages - skipped);
      draft.set("flags", flags).set("user_va", from).set("length", bytes);
      steps.add(draft.step());
      shadow.ownMemoryInIoas = true;
    } else {
      scene.send(draft);
    }
    believe(ioas, flags, new Area(iova, bytes, from));
  }

  /** An area is known where it was asked for, and where its request made sense. */
  private void believe(Ioas ioas, long flags, Area area) {
    boolean whole = (area.iova() | area.bytes()) % Addresses.PAGE == 0 && area.bytes() > 0;
    boolean sound = (flags & 1) != 0 && flags < 8 && flags > 1;
    if (dice.percent(whole && sound ? 95 : 10)) {
      ioas.areas.add(area);
    }
  }

  private void mapFile(Context context) {
    if (scene.tracksDirty) {
      map(context);
      return;
    }
    if (shadow.memfds.isEmpty()) {
      int file = shadow.newFile();
      steps.add(new Step.OpenMemfd(file, Addresses.PAGE * dice.between(1, 64)));
      shadow.memfds.add(file);
    }
    Ioas ioas = scene.anyIoas(context);
    long iova = addresses.iova();
    long bytes = addresses.length();
    // Memory, or now and then an eventfd, which has no pages to map.
    var others = shadow.eventfds.isEmpty() || dice.percent(95) ? shadow.memfds : shadow.eventfds;
    long flags = mapFlags();
    scene.send(
        new Draft(scene.file(context), "IOMMU_IOAS_MAP_FILE")
            .set("flags", flags)
            .set("ioas_id", new Value.ObjectSlot(ioas.slot))
            .set("fd", new Value.FileSlot(dice.of(others)))
            .set(
                "start",
                dice.of(
                    Addresses.PAGE * dice.below(16),
                    Addresses.PAGE * dice.below(16),
                    Addresses.PAGE * dice.below(16),
                    addresses.length()))
            .set("length", bytes)
            .set("iova", iova));
    believe(ioas, flags, new Area(iova, bytes, null));
  }

  private long mapFlags() {
    return dice.of(7, 7, 7, 7, 7, 7, 7, 7, 6, 6, 6, 5, 3, 2, 4, 1, 0, 15);
  }

  private void copy(Context context) {
    Ioas from = scene.mappedIoas(context);
    Ioas to = scene.anyIoas(context);
    Area area = scene.anyArea(from);
    boolean whole = dice.percent(80);
    long iova = addresses.iova();
    long length = whole ? area.bytes() : addresses.length();
    long flags = mapFlags();
    scene.send(
        new Draft(scene.file(context), "IOMMU_IOAS_COPY")
            .set("flags", flags)
            .set("src_ioas_id", new Value.ObjectSlot(from.slot))
            .set("dst_ioas_id", new Value.ObjectSlot(to.slot))
            .set("length", length)
            .set("src_iova", area.iova() + (whole ? 0 : dice.of(0, Addresses.PAGE, 100)))
            .set("dst_iova", iova));
    believe(to, flags, new Area(iova, length, whole ? area.from() : null));
  }

  private void unmap(Context context) {
    Ioas ioas = scene.mappedIoas(context);
    Draft draft =
        new Draft(scene.file(context), "IOMMU_IOAS_UNMAP")
            .set("ioas_id", new Value.ObjectSlot(ioas.slot));
    int chance = dice.below(100);
    if (chance < 10) {
      draft.set("length", -1);
      ioas.areas.clear();
    } else if (chance < 75) {
      Area area = scene.anyArea(ioas);
      draft.set("iova", area.iova()).set("length", area.bytes());
      ioas.areas.remove(area);
    } else if (chance < 85) {
      // From one area to the end of another.
      Area first = scene.anyArea(ioas);
      Area last = scene.anyArea(ioas);
      draft.set("iova", first.iova()).set("length", last.iova() + last.bytes() - first.iova());
    } else {
      draft.set("iova", addresses.iova()).set("length", addresses.length());
    }
    scene.send(draft);
  }

  private void iovaRanges(Context context) {
    scene.send(
        new Draft(scene.file(context), "IOMMU_IOAS_IOVA_RANGES")
            .set("ioas_id", new Value.ObjectSlot(scene.anyIoas(context).slot))
            .set("num_iovas", dice.of(0, 1, 2, 3, 6, 6, 6, 16))
            .set("allowed_iovas", addresses.buffer()));
  }

  private void allowIovas(Context context) {
    int count = (int) dice.of(0, 0, 1, 1, 2, 3);
    var words = new ArrayList<Value>();
    for (int i = 0; i < count; i++) {
      long start = dice.percent(70) ? Addresses.PAGE * dice.below(600) : addresses.iova();
      long length = dice.percent(80) ? Addresses.PAGE * dice.between(1, 300) : addresses.length();
      words.add(new Value.Literal(start));
      words.add(new Value.Literal(start + length - dice.of(1, 1, 1, 1, 1, 0, 2)));
    }
    Value.Address at =
        new Value.Address(UserRegions.DATA, 8L * dice.below((int) Addresses.PAGE / 8));
    if (count > 0) {
      steps.add(new Step.Store(at, words));
    }
    scene.send(
        new Draft(scene.file(context), "IOMMU_IOAS_ALLOW_IOVAS")
            .set("ioas_id", new Value.ObjectSlot(scene.anyIoas(context).slot))
            .set("num_iovas", count)
            .set("allowed_iovas", at));
  }

  /** Pinned pages of the context count against what its process may lock. */
  public void countPerProcess(Context context) {
    scene.sure(new Draft(scene.file(context), "IOMMU_OPTION").set("option_id", 0).set("val64", 1));
  }

  private void option(Context context) {
    boolean pages = dice.percent(70);
    Draft draft =
        new Draft(scene.file(context), "IOMMU_OPTION")
            .set("option_id", pages ? 1 : 0)
            .set("op", dice.of(0, 1))
            .set("val64", dice.of(0, 1, 1, 2));
    if (pages) {
      draft.set("object_id", new Value.ObjectSlot(scene.anyIoas(context).slot));
    }
    scene.send(draft);
  }

  private void hwptAlloc(Context context) {
    Ioas ioas = scene.anyIoas(context);
    int slot = shadow.newObject();
    boolean mayTrack = scene.tracksDirty || !scene.mock;
    int flags = (int) dice.of(0, 0, 0, 0, 0, 0, 1, 1, mayTrack ? 2 : 0, 8, 4, 9);
    Draft draft =
        new Draft(scene.file(context), "IOMMU_HWPT_ALLOC")
            .set("flags", flags)
            .set("dev_id", new Value.ObjectSlot(scene.anyDeviceId(context)))
            .set("pt_id", new Value.ObjectSlot(ioas.slot))
            .keepsObject("out_hwpt_id", slot);
    if ((flags & 4) != 0 && !context.faultQueues.isEmpty()) {
      draft.set("fault_id", new Value.ObjectSlot(dice.of(context.faultQueues)));
    }
    scene.send(draft);
    context.hwpts.add(new Hwpt(slot, ioas, flags));
  }

  private void dirty(Context context) {
    int hwpt = context.hwpts.isEmpty() ? scene.anyObject(context) : dice.of(context.hwpts).slot();
    if (dice.percent(40)) {
      scene.send(
          new Draft(scene.file(context), "IOMMU_HWPT_SET_DIRTY_TRACKING")
              .set("flags", dice.of(0, 1))
              .set("hwpt_id", new Value.ObjectSlot(hwpt)));
      return;
    }
    scene.send(
        new Draft(scene.file(context), "IOMMU_HWPT_GET_DIRTY_BITMAP")
            .set("hwpt_id", new Value.ObjectSlot(hwpt))
            .set("flags", dice.of(0, 0, 1))
            .set("iova", addresses.iova())
            .set("length", addresses.length())
            .set("page_size", dice.of(Addresses.PAGE, Addresses.PAGE, 0x20_0000))
            .set("data", addresses.buffer()));
  }
}
