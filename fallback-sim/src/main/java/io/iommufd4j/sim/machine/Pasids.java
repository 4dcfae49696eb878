// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.machine;

import io.iommufd4j.sim.iommu.hardware.PasidFeature;
import java.util.Set;

/**
 * A function's PASID capability.
 *
 * @param count how many PASIDs it can tell apart; 0 for none
 * @param features the optional features
 */
public record Pasids(int count, Set<PasidFeature> features) {

  /** No capability. */
  public static final Pasids NONE = new Pasids(0, Set.of());

  /** Copies what could change. */
  public Pasids {
    features = Set.copyOf(features);
  }
}
