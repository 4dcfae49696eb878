// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.driver;

import io.iommufd4j.sim.iommu.IommuDevice;

/** The way a driver takes a device from one domain to the next. */
enum AttachStrategy {

  /**
   * Checks first, then takes the old translation away and brings the new one: DMA in between is
   * dropped. A refused attach changes nothing, and the same domain again is no change.
   */
  BLOCKING_WINDOW {
    @Override
    void attach(ModelDriver driver, IommuDevice device, ModelDomain to) {
      if (device.steered() == to) {
        return;
      }
      driver.requireFit(device, to);
      driver.steer(device, to);
    }
  },

  /**
   * Blocks the device first and checks after, so that a refused attach leaves the device blocked.
   */
  BLOCKS_ON_FAILURE {
    @Override
    void attach(ModelDriver driver, IommuDevice device, ModelDomain to) {
      driver.block(device);
      driver.requireFit(device, to);
      device.steer(to);
    }
  };

  /**
   * Switches a device to a paging domain of its driver.
   *
   * @throws io.iommufd4j.sim.lib.Refused as {@link ModelDriver#requireFit}
   */
  abstract void attach(ModelDriver driver, IommuDevice device, ModelDomain to);
}
