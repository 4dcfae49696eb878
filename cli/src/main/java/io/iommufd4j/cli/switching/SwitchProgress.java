// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.switching;

/** Listens to how far the measuring is. */
public interface SwitchProgress {

  /**
   * Part of the work is done.
   *
   * @param share of all of it, 0 to 1
   * @param what is going on now, in a few words
   */
  void at(double share, String what);
}
