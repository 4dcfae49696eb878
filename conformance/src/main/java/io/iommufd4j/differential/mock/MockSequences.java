// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.differential.mock;

import io.iommufd4j.differential.scene.Dice;
import io.iommufd4j.differential.scene.Scene;
import io.iommufd4j.differential.scene.Shadow.Context;

/** Chooses which requests on mock devices are to follow each other. */
public final class MockSequences {

  private final Scene scene;
  private final Dice dice;
  private final DirtySequences dirty;
  private final NestingSequences nesting;
  private final ViommuSequences viommu;
  private final PageRequestSequences pageRequests;
  private final PasidSequences pasids;
  private final AccessSequences access;
  private final DmaBufSequences dmaBuf;
  private final MappingSequences mapping;

  public MockSequences(Scene scene) {
    this.scene = scene;
    this.dice = scene.dice;
    dirty = new DirtySequences(scene);
    nesting = new NestingSequences(scene);
    viommu = new ViommuSequences(scene);
    pageRequests = new PageRequestSequences(scene);
    pasids = new PasidSequences(scene);
    access = new AccessSequences(scene);
    dmaBuf = new DmaBufSequences(scene);
    mapping = new MappingSequences(scene);
  }

  public void next(Context context) {
    if (scene.tracksDirty && dice.percent(60)) {
      dirty.dirty(context);
      return;
    }
    if (scene.hasPasids && dice.percent(60)) {
      pasids.pasids(context);
      return;
    }
    switch (dice.below(scene.tracksDirty ? 6 : 8)) {
      case 0 -> access.access(context);
      case 1 -> nesting.nesting(context);
      case 2, 3 -> viommu.viommu(context);
      case 4 -> pageRequests.pageRequests(context);
      case 5 -> {
        if (dice.percent(15)) {
          mapping.many(context);
        } else {
          mapping.checks(context);
        }
      }
      case 6 -> dmaBuf.dmaBuf(context);
      default -> mapping.checks(context);
    }
  }
}
