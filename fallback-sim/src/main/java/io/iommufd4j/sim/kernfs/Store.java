// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.kernfs;

import io.iommufd4j.sim.lib.Refused;

/** The action of a write to a file. */
@FunctionalInterface
public interface Store {
  /**
   * Takes the text as it was written, without its line end.
   *
   * @throws Refused what the write answers
   */
  void store(String text);
}
