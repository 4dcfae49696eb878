// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.vmm;

import io.iommufd4j.Hwpt;

/**
 * Uses the HWPT that {@link RunningReplacement} makes. What it throws ends the replace: the old
 * HWPT is put back.
 */
interface NewHwptObserver {

  /** Does nothing. */
  NewHwptObserver NONE =
      new NewHwptObserver() {
        @Override
        public void made(Hwpt hwpt) {}

        @Override
        public void look() {}

        @Override
        public void left() {}
      };

  /** It was made, and nothing is attached to it yet. */
  void made(Hwpt hwpt);

  /** It translates: called again and again. */
  void look();

  /** The device is on the old one again, and this one about to be destroyed. */
  void left();
}
