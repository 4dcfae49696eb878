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
import io.iommufd4j.differential.scene.Shadow.Access;
import io.iommufd4j.differential.scene.Shadow.Area;
import io.iommufd4j.differential.scene.Shadow.Context;
import io.iommufd4j.differential.scene.Shadow.Hwpt;
import io.iommufd4j.differential.scene.Shadow.Ioas;
import io.iommufd4j.differential.scene.Shadow.MockDevice;
import java.util.List;

/** The kernel's test request: mock devices, page requests, and users of an IOAS in the kernel. */
public final class MockSteps {

  private final Scene scene;
  private final Dice dice;
  private final Addresses addresses;
  private final Shadow shadow;
  private final List<Step> steps;

  public MockSteps(Scene scene) {
    this.scene = scene;
    this.dice = scene.dice;
    this.addresses = scene.addresses;
    this.shadow = scene.shadow;
    this.steps = scene.steps;
  }

  public void step(Context context) {
    int chance = dice.below(100);
    if (context.mocks.isEmpty() || chance < 7) {
      device(context);
    } else if (chance < 24) {
      replace(context);
    } else if (chance < 36) {
      checkMap(context);
    } else if (chance < 42) {
      checkReferences(context);
    } else if (chance < 72) {
      access(context);
    } else if (chance < 75) {
      reserve(context);
    } else if (chance < 80) {
      dirty(context);
    } else if (chance < 92) {
      pasid(context);
    } else {
      events(context);
    }
  }

  private Draft draft(Context context, int operation, Value on) {
    return new Draft(scene.file(context), BlockNames.TEST).set("op", operation).set("id", on);
  }

  private Draft draft(Context context, int operation, int slot) {
    return draft(context, operation, new Value.ObjectSlot(slot));
  }

  public void device(Context context) {
    int self = shadow.newObject();
    int hwpt = shadow.newObject();
    int id = shadow.newObject();
    Draft draft;
    int on = scene.anyPageTable(context);
    if (dice.percent(50)) {
      draft =
          draft(context, IOMMU_TEST_OP_MOCK_DOMAIN(), on)
              .keepsObject("mock_domain.out_stdev_id", self)
              .keepsObject("mock_domain.out_hwpt_id", hwpt)
              .keepsObject("mock_domain.out_idev_id", id);
    } else {
      draft =
          draft(context, IOMMU_TEST_OP_MOCK_DOMAIN_FLAGS(), on)
              .set(
                  "mock_domain_flags.dev_flags",
                  scene.hasPasids ? dice.of(0, 1, 4, 4, 4, 5, 2) : dice.of(0, 0, 0, 1, 2))
              .keepsObject("mock_domain_flags.out_stdev_id", self)
              .keepsObject("mock_domain_flags.out_hwpt_id", hwpt)
              .keepsObject("mock_domain_flags.out_idev_id", id);
    }
    scene.send(draft);
    context.mocks.add(new MockDevice(self, id));
    context.hwpts.add(new Hwpt(hwpt, scene.anyIoas(context), 0));
  }

  private MockDevice mock(Context context) {
    return dice.of(context.mocks);
  }

  private void replace(Context context) {
    scene.send(
        draft(context, IOMMU_TEST_OP_MOCK_DOMAIN_REPLACE(), mock(context).selfSlot())
            .set("mock_domain_replace.pt_id", new Value.ObjectSlot(scene.anyPageTable(context))));
  }

  private void checkMap(Context context) {
    Hwpt hwpt =
        context.hwpts.isEmpty()
            ? new Hwpt(scene.anyObject(context), scene.anyIoas(context), 0)
            : dice.of(context.hwpts);
    Area area = scene.anyArea(hwpt.ioas());
    Value.Address from = area.from();
    scene.send(
        draft(context, IOMMU_TEST_OP_MD_CHECK_MAP(), hwpt.slot())
            .set("check_map.iova", area.iova())
            .set("check_map.length", Math.min(area.bytes(), Addresses.PAGE * dice.between(1, 4)))
            .set("check_map.uptr", from != null && dice.percent(90) ? from : addresses.pages()));
  }

  /** Of data only: the use count of the page of zeroes depends on the whole kernel. */
  private void checkReferences(Context context) {
    scene.steps.add(
        draft(context, IOMMU_TEST_OP_MD_CHECK_REFS(), new Value.Literal(0))
            .set("check_refs.length", Addresses.PAGE)
            .set(
                "check_refs.uptr",
                new Value.Address(UserRegions.DATA, Addresses.PAGE * dice.below(40)))
            .set("check_refs.refs", dice.of(0, 0, 0, 1, 1, 2))
            .step());
  }

  private void access(Context context) {
    if (context.accesses.isEmpty() || dice.percent(10)) {
      int file = shadow.newFile();
      scene.send(
          draft(context, IOMMU_TEST_OP_CREATE_ACCESS(), scene.anyIoas(context).slot)
              .set("create_access.flags", dice.of(0, 1, 1, 1))
              .keepsFile("create_access.out_access_fd", file));
      context.accesses.add(new Access(file));
      return;
    }
    Access access = dice.of(context.accesses);
    Value file = new Value.FileSlot(access.file);
    Ioas ioas = scene.anyIoas(context);
    Area area = scene.anyArea(ioas);
    long offset = dice.of(0, 0, 0, 100, Addresses.PAGE, 4095);
    int chance = dice.below(100);
    if (chance < 30) {
      int pin = shadow.newObject();
      Value.Address from = area.from();
      Value checked =
          from != null && offset % Addresses.PAGE == 0 && dice.percent(50)
              ? new Value.Address(from.region(), from.offset() + offset)
              : new Value.Literal(0);
      scene.send(
          draft(context, IOMMU_TEST_OP_ACCESS_PAGES(), file)
              .set("access_pages.flags", dice.of(0, 1, 1, 1))
              .set("access_pages.iova", area.iova() + offset)
              .set("access_pages.length", length(area))
              .set("access_pages.uptr", checked)
              .keepsObject("access_pages.out_access_pages_id", pin));
      access.pins.add(pin);
    } else if (chance < 45) {
      Value pin =
          access.pins.isEmpty()
              ? new Value.Literal(dice.below(3))
              : new Value.ObjectSlot(dice.of(access.pins));
      scene.send(
          draft(context, IOMMU_TEST_OP_DESTROY_ACCESS_PAGES(), file)
              .set("destroy_access_pages.access_pages_id", pin));
    } else if (chance < 80) {
      scene.send(
          draft(context, IOMMU_TEST_OP_ACCESS_RW(), file)
              .set("access_rw.iova", area.iova() + offset)
              .set("access_rw.length", dice.of(1, 8, 100, 200, 4096, 5000, 8192))
              .set("access_rw.uptr", addresses.buffer())
              .set("access_rw.flags", dice.of(0, 1, 1, 4, 5)));
    } else if (chance < 92) {
      scene.send(
          draft(context, IOMMU_TEST_OP_ACCESS_REPLACE_IOAS(), file)
              .set("access_replace_ioas.ioas_id", new Value.ObjectSlot(ioas.slot)));
    } else {
      steps.add(new Step.Close(access.file));
      context.accesses.remove(access);
    }
  }

  private long length(Area area) {
    return dice.percent(70) ? Math.min(area.bytes(), 1 << 20) : dice.between(1, 9000);
  }

  private void reserve(Context context) {
    scene.send(
        draft(context, IOMMU_TEST_OP_ADD_RESERVED(), scene.anyIoas(context).slot)
            .set("add_reserved.start", addresses.iova())
            .set("add_reserved.length", addresses.length()));
  }

  private void dirty(Context context) {
    Hwpt hwpt = context.hwpts.isEmpty() ? null : dice.of(context.hwpts);
    int slot = hwpt == null ? scene.anyObject(context) : hwpt.slot();
    Area area = hwpt == null ? scene.anyArea(scene.anyIoas(context)) : scene.anyArea(hwpt.ioas());
    Value.Address bits = new Value.Address(UserRegions.DATA, 8L * dice.below(1024));
    steps.add(new Step.Store(bits, List.of(new Value.Literal(dice.word() & 0xffff))));
    long page = dice.of(2048, 2048, 4096);
    scene.send(
        draft(context, IOMMU_TEST_OP_DIRTY(), slot)
            .set("dirty.iova", area.iova())
            .set("dirty.length", page * dice.between(1, 16))
            .set("dirty.page_size", page)
            .set("dirty.uptr", bits));
  }

  private void pasid(Context context) {
    int self = mock(context).selfSlot();
    long pasid = dice.of(1, 1, 1, 2, 100, 1024);
    Value table = new Value.ObjectSlot(scene.anyPageTable(context));
    // From 1 on: 0 stands for DMA without a PASID.
    Draft draft =
        switch (dice.below(5)) {
          case 0, 1 -> {
            shadow.attachedPasids.add(new Shadow.AttachedPasid(context, self, pasid));
            yield draft(context, IOMMU_TEST_OP_PASID_ATTACH(), self)
                .set("pasid_attach.pasid", pasid)
                .set("pasid_attach.pt_id", table);
          }
          case 2 ->
              draft(context, IOMMU_TEST_OP_PASID_REPLACE(), self)
                  .set("pasid_replace.pasid", pasid)
                  .set("pasid_replace.pt_id", table);
          case 3 ->
              draft(context, IOMMU_TEST_OP_PASID_DETACH(), self).set("pasid_detach.pasid", pasid);
          default ->
              draft(context, IOMMU_TEST_OP_PASID_CHECK_HWPT(), self)
                  .set("pasid_check.pasid", pasid)
                  .set("pasid_check.hwpt_id", table);
        };
    steps.add(draft.step());
  }

  /** Detaches all PASIDs. */
  public void finish() {
    for (Shadow.AttachedPasid attached : shadow.attachedPasids) {
      steps.add(
          draft(attached.context(), IOMMU_TEST_OP_PASID_DETACH(), attached.selfSlot())
              .set("pasid_detach.pasid", attached.pasid())
              .step());
    }
  }

  private void events(Context context) {
    MockDevice mock = mock(context);
    var device = new Value.ObjectSlot(mock.idSlot());
    var none = new Value.Literal(0);
    int nested = context.nested.isEmpty() ? scene.anyObject(context) : dice.of(context.nested);
    scene.send(
        switch (dice.below(5)) {
          case 0, 1 ->
              draft(context, IOMMU_TEST_OP_TRIGGER_IOPF(), none)
                  .set("trigger_iopf.dev_id", device)
                  .set("trigger_iopf.pasid", dice.of(0, 0, 1))
                  .set("trigger_iopf.grpid", dice.below(3))
                  .set("trigger_iopf.perm", dice.of(1, 2, 3))
                  .set("trigger_iopf.addr", 0xdead_beef_dead_beefL);
          case 2 ->
              draft(context, IOMMU_TEST_OP_TRIGGER_VEVENT(), none)
                  .set("trigger_vevent.dev_id", device);
          case 3 ->
              draft(context, IOMMU_TEST_OP_MD_CHECK_IOTLB(), nested)
                  .set("check_iotlb.id", dice.below(5))
                  .set("check_iotlb.iotlb", dice.of(0, 1, 7, 0x0bad_beef));
          default ->
              draft(context, IOMMU_TEST_OP_DEV_CHECK_CACHE(), mock.idSlot())
                  .set("check_dev_cache.id", dice.below(5))
                  .set("check_dev_cache.cache", dice.of(0, 0x00ba_ddad));
        });
  }
}
