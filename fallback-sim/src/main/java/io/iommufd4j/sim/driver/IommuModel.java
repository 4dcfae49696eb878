// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.driver;

import java.util.Locale;

/** A family of IOMMUs that one driver of Linux runs. */
public enum IommuModel {
  /** Intel VT-d. */
  VTD(false),
  /** AMD-Vi. */
  AMD(false),
  /** ARM SMMUv3. */
  SMMUV3(true),
  /** virtio-iommu. */
  VIRTIO(false);

  private final boolean ofArm;

  IommuModel(boolean ofArm) {
    this.ofArm = ofArm;
  }

  /** As machines are described with, as {@code vtd}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** True if machines that have it are arm64; else they are PCs. */
  public boolean ofArm() {
    return ofArm;
  }
}
