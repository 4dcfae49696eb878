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

/** Sequences that read the dirty bits that a mock IOMMU sets for the pages that DMA wrote. */
final class DirtySequences extends MockSequence {

  private static final long HUGE_PAGE = 2 << 20;
  private static final int DIRTY_TRACKING = 2;

  DirtySequences(Scene scene) {
    super(scene);
  }

  void dirty(Context context) {
    // What an earlier program set holds for the whole kernel.
    steps.add(memoryLimit(context, 65536).step());
    Ioas ioas = ioas(context);
    if (dice.percent(30)) {
      hugePages(context, ioas, 0);
    }
    map(context, ioas, dice.between(1, 4));
    if (dice.percent(40)) {
      mapHugePage(context, ioas);
    }
    MockDevice device = device(context, ioas, 0);
    int hwpt = hwpt(context, device, ioas, DIRTY_TRACKING | (int) dice.of(0, 0, PARENT));
    if (dice.percent(10)) {
      hugePages(context, ioas, 1);
    }
    if (dice.percent(60)) {
      attach(context, device, hwpt);
    }
    track(context, hwpt, 1);
    int turns = dice.between(2, 8);
    for (int i = 0; i < turns; i++) {
      int chance = dice.below(100);
      Area area = scene.anyArea(ioas);
      if (chance < 40) {
        soil(context, hwpt, area);
      } else if (chance < 85) {
        harvest(context, hwpt, area);
      } else if (chance < 90) {
        track(context, hwpt, dice.below(2));
      } else if (chance < 95 && !ioas.areas.isEmpty()) {
        unmap(context, ioas, area);
      } else {
        map(context, ioas, 1);
      }
    }
    track(context, hwpt, 0);
  }

  /** Allows page tables to join pages, or forbids it ({@code IOMMU_OPTION_HUGE_PAGES}). */
  private void hugePages(Context context, Ioas ioas, long on) {
    scene.sure(
        draft(context, "IOMMU_OPTION")
            .set("option_id", 1)
            .set("object_id", object(ioas.slot))
            .set("val64", on));
  }

  /** One page of 2 MiB, or some of it; whether two lie side by side is chance. */
  private void mapHugePage(Context context, Ioas ioas) {
    int anonymousPrivateHuge = 0x40022;
    int region = shadow.newRegion();
    steps.add(new Step.Map(region, -1, HUGE_PAGE, 3, anonymousPrivateHuge, 0));
    shadow.windows.add(new Shadow.Region(region, HUGE_PAGE));
    long skipped = PAGE * dice.of(0, 0, 1, 256, dice.below(500));
    var from = new Value.Address(region, skipped);
    long bytes = HUGE_PAGE - skipped - PAGE * dice.of(0, 0, 1, dice.below(12));
    long iova = 8 * BASE + HUGE_PAGE * dice.below(3) + (dice.percent(60) ? skipped : PAGE);
    // Without a mistake: the host chooses what lies behind the page.
    steps.add(
        draft(context, "IOMMU_IOAS_MAP")
            .set("flags", 7)
            .set("ioas_id", object(ioas.slot))
            .set("user_va", from)
            .set("length", bytes)
            .set("iova", iova)
            .step());
    shadow.ownMemoryInIoas = true;
    ioas.areas.add(new Area(iova, bytes, from));
  }

  private void track(Context context, int hwpt, long on) {
    scene.sure(
        draft(context, "IOMMU_HWPT_SET_DIRTY_TRACKING")
            .set("flags", on)
            .set("hwpt_id", object(hwpt)));
  }

  private void soil(Context context, int hwpt, Area area) {
    Value.Address bits = data();
    store(bits, dice.of(1, 6, 0xf0, 0x8001, dice.word()), dice.word());
    long page = dice.of(2048, 2048, 4096);
    long pages = Math.max(1, Math.min(area.bytes() / page, 64));
    long skipped = page * dice.below(Math.clamp(area.bytes() / page - pages + 1, 1, 1 << 20));
    scene.sure(
        draft(context, IOMMU_TEST_OP_DIRTY(), hwpt)
            .set("dirty.iova", (area.iova() & -page) + skipped)
            .set("dirty.length", page * pages)
            .set("dirty.page_size", page)
            .set("dirty.uptr", bits));
  }

  private void harvest(Context context, int hwpt, Area area) {
    long page = dice.of(2048, 2048, 2048, 4096, 4096, 8192, 1024);
    long bytes =
        Math.max(page, dice.percent(70) ? area.bytes() & -page : page * dice.between(1, 40));
    Value.Address bits = data();
    if (dice.percent(50)) {
      store(bits, dice.of(0, 0, 1, -1), 0);
    }
    scene.sure(
        draft(context, "IOMMU_HWPT_GET_DIRTY_BITMAP")
            .set("hwpt_id", object(hwpt))
            .set("flags", dice.of(0, 0, 1))
            .set("iova", (area.iova() & -page) + page * dice.of(0, 0, 0, 1))
            .set("length", bytes)
            .set("page_size", page)
            .set("data", bits));
  }
}
