// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.vmm;

import io.iommufd4j.uapi.HwptFlag;
import java.time.Duration;
import java.util.Set;

/**
 * The replace wanted under a process' device.
 *
 * @param flags what the new HWPT is made for
 * @param keep the new HWPT stays
 * @param stay how long the new HWPT translates before the old one does again
 * @param rounds replaces and ways back; at least 1
 */
public record RunningOrder(Set<HwptFlag> flags, boolean keep, Duration stay, int rounds) {

  /** Copies the set. */
  public RunningOrder {
    flags = Set.copyOf(flags);
  }
}
