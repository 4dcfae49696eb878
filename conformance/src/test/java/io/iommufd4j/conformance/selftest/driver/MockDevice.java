// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.selftest.driver;

import io.iommufd4j.conformance.Answers;

/**
 * A device of the kernel's mock driver, attached; or why there is none.
 *
 * @param answer 0, or −errno, when the ids are 0
 * @param stdev id of the mock device's own object: destroying it detaches and unbinds the device
 * @param hwpt id of the HWPT it was attached to
 * @param id id of the bound device, as VFIO's bind gives it
 */
public record MockDevice(int answer, int stdev, int hwpt, int id) {

  /** Expects it to be there. */
  public MockDevice ok() {
    Answers.ok(answer);
    return this;
  }
}
