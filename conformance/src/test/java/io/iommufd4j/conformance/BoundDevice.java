// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance;

/**
 * A device and the iommufd it is bound to.
 *
 * @param id the device's id there
 */
public record BoundDevice(OpenIommufd iommufd, OpenDevice device, int id) {

  /** A new IOAS. */
  public int ioas() {
    return Answers.ok(iommufd.ioasAlloc());
  }

  /** A new HWPT for this device. */
  public int hwpt(int ioas) {
    return Answers.ok(iommufd.hwptAlloc(id, ioas));
  }
}
