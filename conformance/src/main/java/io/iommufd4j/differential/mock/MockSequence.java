// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.differential.mock;

import static io.iommufd4j.bindings.selftest.selftest_h.*;

import io.iommufd4j.differential.program.BlockNames;
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
import io.iommufd4j.differential.scene.Shadow.MockDevice;
import java.util.ArrayList;
import java.util.List;

/**
 * Requests on the kernel's mock devices that build on each other. What needs a chain of objects
 * behind it, steps chosen one by one hardly ever reach.
 */
abstract class MockSequence {

  static final long PAGE = Addresses.PAGE;

  /**
   * The lowest IOVA that the mock IOMMU translates; sequences map from here on, in new address
   * spaces.
   */
  static final long BASE = 0x100_0000;

  /** {@code IOMMU_HWPT_ALLOC_NEST_PARENT}. */
  static final int PARENT = 1;

  /** {@code IOMMU_HWPT_FAULT_ID_VALID}. */
  static final int FAULTS = 4;

  /** {@code MOCK_FLAGS_DEVICE_PASID}. */
  static final int WITH_PASIDS = 4;

  private static final long U32 = 0xffff_ffffL;

  final Scene scene;
  final Dice dice;
  final Addresses addresses;
  final Shadow shadow;
  final List<Step> steps;

  MockSequence(Scene scene) {
    this.scene = scene;
    this.dice = scene.dice;
    this.addresses = scene.addresses;
    this.shadow = scene.shadow;
    this.steps = scene.steps;
  }

  final Draft draft(Context context, int operation, int slot) {
    return new Draft(scene.file(context), BlockNames.TEST)
        .set("op", operation)
        .set("id", new Value.ObjectSlot(slot));
  }

  final Draft draft(Context context, String name) {
    return new Draft(scene.file(context), name);
  }

  static Value object(int slot) {
    return new Value.ObjectSlot(slot);
  }

  final Ioas ioas(Context context) {
    int slot = shadow.newObject();
    scene.sure(draft(context, "IOMMU_IOAS_ALLOC").keepsObject("out_ioas_id", slot));
    var ioas = new Ioas(slot);
    context.ioas.add(ioas);
    return ioas;
  }

  /** Areas side by side or nearly so, over memory that may overlap. */
  final void map(Context context, Ioas ioas, int areas) {
    long iova = BASE;
    for (int i = 0; i < areas; i++) {
      long bytes = PAGE * dice.between(1, 6);
      var from = new Value.Address(UserRegions.DATA, PAGE * dice.below(56));
      scene.sure(
          draft(context, "IOMMU_IOAS_MAP")
              .set("flags", dice.of(7, 7, 7, 7, 7, 7, 5))
              .set("ioas_id", object(ioas.slot))
              .set("user_va", from)
              .set("length", bytes)
              .set("iova", iova));
      ioas.areas.add(new Area(iova, bytes, from));
      iova += bytes + PAGE * dice.of(0, 0, 0, 1, 5);
    }
  }

  final MockDevice device(Context context, Ioas ioas, long flags) {
    int self = shadow.newObject();
    int hwpt = shadow.newObject();
    int id = shadow.newObject();
    scene.sure(
        draft(context, IOMMU_TEST_OP_MOCK_DOMAIN_FLAGS(), ioas.slot)
            .set("mock_domain_flags.dev_flags", flags)
            .keepsObject("mock_domain_flags.out_stdev_id", self)
            .keepsObject("mock_domain_flags.out_hwpt_id", hwpt)
            .keepsObject("mock_domain_flags.out_idev_id", id));
    var device = new MockDevice(self, id);
    context.mocks.add(device);
    context.hwpts.add(new Hwpt(hwpt, ioas, 0));
    return device;
  }

  final int hwpt(Context context, MockDevice device, Ioas ioas, int flags) {
    int slot = shadow.newObject();
    scene.sure(
        draft(context, "IOMMU_HWPT_ALLOC")
            .set("flags", flags)
            .set("dev_id", object(device.idSlot()))
            .set("pt_id", object(ioas.slot))
            .keepsObject("out_hwpt_id", slot));
    context.hwpts.add(new Hwpt(slot, ioas, flags));
    return slot;
  }

  final int nested(Context context, MockDevice device, int parent, int flags, int faults) {
    int slot = shadow.newObject();
    Value.Address data = data();
    store(data, dice.of(0, 7, 0x0bad_beef));
    Draft draft =
        draft(context, "IOMMU_HWPT_ALLOC")
            .set("flags", flags)
            .set("dev_id", object(device.idSlot()))
            .set("pt_id", object(parent))
            .set("data_type", IOMMU_HWPT_DATA_SELFTEST())
            .set("data_len", 8)
            .set("data_uptr", data)
            .keepsObject("out_hwpt_id", slot);
    if ((flags & FAULTS) != 0) {
      draft.set("fault_id", object(faults));
    }
    scene.sure(draft);
    context.nested.add(slot);
    return slot;
  }

  final void attach(Context context, MockDevice device, int table) {
    scene.sure(
        draft(context, IOMMU_TEST_OP_MOCK_DOMAIN_REPLACE(), device.selfSlot())
            .set("mock_domain_replace.pt_id", object(table)));
  }

  final void destroy(Context context, int slot) {
    if (scene.hasPasids) {
      return;
    }
    scene.sure(draft(context, "IOMMU_DESTROY").set("id", object(slot)));
    context.ioas.removeIf(ioas -> ioas.slot == slot);
    context.hwpts.removeIf(hwpt -> hwpt.slot() == slot);
    context.mocks.removeIf(mock -> mock.selfSlot() == slot);
    context.nested.remove(Integer.valueOf(slot));
    context.viommus.remove(Integer.valueOf(slot));
    context.vdevices.remove(Integer.valueOf(slot));
    context.queues.remove(Integer.valueOf(slot));
    context.faultQueues.remove(Integer.valueOf(slot));
  }

  /** A place for arrays and bitmaps, which requests write to. */
  final Value.Address data() {
    return new Value.Address(UserRegions.DATA, 64L * dice.below(256));
  }

  final void store(Value.Address at, long... words) {
    var values = new ArrayList<Value>();
    for (long word : words) {
      values.add(new Value.Literal(word));
    }
    steps.add(new Step.Store(at, values));
  }

  final void unmap(Context context, Ioas ioas, Area area) {
    scene.sure(
        draft(context, "IOMMU_IOAS_UNMAP")
            .set("ioas_id", object(ioas.slot))
            .set("iova", area.iova())
            .set("length", area.bytes()));
    ioas.areas.remove(area);
  }

  final void copy(Context context, Ioas from, Area area) {
    Ioas to = scene.anyIoas(context);
    long iova = BASE + PAGE * dice.below(64);
    scene.sure(
        draft(context, "IOMMU_IOAS_COPY")
            .set("flags", 7)
            .set("src_ioas_id", object(from.slot))
            .set("dst_ioas_id", object(to.slot))
            .set("length", area.bytes())
            .set("src_iova", area.iova())
            .set("dst_iova", iova));
    to.areas.add(new Area(iova, area.bytes(), area.from()));
  }

  /** Of a nested HWPT's cache entries, or of a device's behind a virtual IOMMU. */
  final void invalidate(Context context, int on, boolean viommu, long virtualId) {
    Value.Address data = data();
    int entry = viommu ? 12 : 8;
    int count = dice.between(1, 4);
    for (int i = 0; i < count; i++) {
      var at = new Value.Address(data.region(), data.offset() + (long) i * entry);
      long flags = dice.of(0, 0, 0, 0, 0, 0, 1, 2);
      long index = dice.of(0, 1, 2, 3, 3, 2, 1, 4);
      if (viommu) {
        store(at, flags | (dice.percent(90) ? virtualId : dice.below(5)) << 32, index);
      } else {
        store(at, flags | index << 32);
      }
    }
    scene.sure(
        draft(context, "IOMMU_HWPT_INVALIDATE")
            .set("hwpt_id", object(on))
            .set("data_uptr", data)
            .set("data_type", IOMMU_HWPT_INVALIDATE_DATA_SELFTEST() & U32)
            .set("entry_len", dice.of(entry, entry, entry, entry, entry, entry + 4, entry - 4))
            .set("entry_num", dice.percent(90) ? count : dice.below(3)));
  }

  final void touch(Context context, int file, Area area, long offset) {
    scene.sure(
        access(context, IOMMU_TEST_OP_ACCESS_RW(), file)
            .set("access_rw.iova", area.iova() + offset)
            .set("access_rw.length", dice.of(1, 8, 100, 200, 4096, 5000, 8192))
            .set("access_rw.uptr", data())
            .set("access_rw.flags", dice.of(0, 1, 1, 4, 5)));
  }

  final Draft access(Context context, int operation, int file) {
    return new Draft(scene.file(context), BlockNames.TEST)
        .set("op", operation)
        .set("id", new Value.FileSlot(file));
  }

  /**
   * Limits the memory the kernel takes for one batch of pages: smaller batches, and the same
   * answers.
   */
  final Draft memoryLimit(Context context, long bytes) {
    return new Draft(scene.file(context), BlockNames.TEST)
        .set("op", IOMMU_TEST_OP_SET_TEMP_MEMORY_LIMIT())
        .set("memory_limit.limit", bytes);
  }
}
