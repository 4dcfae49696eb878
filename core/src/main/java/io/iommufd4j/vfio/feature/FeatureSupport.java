// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.vfio.feature;

/**
 * The operations on a feature that a device supports.
 *
 * @param get true if it can be read
 * @param set true if it can be set
 */
public record FeatureSupport(boolean get, boolean set) {

  /** {@return true if the device has the feature} */
  public boolean exists() {
    return get || set;
  }
}
