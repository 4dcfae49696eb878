// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.driver;

import io.iommufd4j.sim.iommu.IommuDevice;

/** The way a driver takes a device from one domain to the next. */
enum AttachStrategy {

  /**
   * Checks first, then changes the device's entry in one store: DMA sees the old domain until that
   * store and the new one from it on. A refused attach changes nothing.
   */
  HITLESS(false) {
    @Override
    void attach(ModelDriver driver, IommuDevice device, ModelDomain to) {
      driver.requireFit(device, to);
      driver.steer(device, to);
    }
  },

  /**
   * Checks first, then detaches the device and attaches it: DMA in between is dropped. A refused
   * attach changes nothing, and the same domain again is no change.
   */
  BLOCKING_WINDOW(true) {
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
  BLOCKS_ON_FAILURE(true) {
    @Override
    void attach(ModelDriver driver, IommuDevice device, ModelDomain to) {
      driver.block(device);
      driver.requireFit(device, to);
      device.steer(to);
    }
  };

  private final boolean window;

  AttachStrategy(boolean window) {
    this.window = window;
  }

  /** True if the device is blocked for a moment during the switch. */
  boolean hasWindow() {
    return window;
  }

  /**
   * Switches a device to a paging domain of its driver.
   *
   * @throws io.iommufd4j.sim.lib.Refused as {@link ModelDriver#requireFit}
   */
  abstract void attach(ModelDriver driver, IommuDevice device, ModelDomain to);
}
