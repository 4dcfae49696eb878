// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.vmm;

import io.iommufd4j.cli.replace.Check;
import io.iommufd4j.cli.replace.LatencySummary;
import io.iommufd4j.uapi.HwptId;
import java.util.List;
import java.util.Optional;

/**
 * The result of a replace under a process' device.
 *
 * @param from the HWPT before
 * @param to the HWPT that was made for it
 * @param automatic the kernel had made the old one for an attach by IOAS id, and it ended with the
 *     replace
 * @param now the HWPT that translates at the end; empty when the process ended first
 * @param rounds replaces that were done, each with its way back
 * @param checks the facts that were verified
 * @param there times of the replaces
 * @param back times of the ways back; empty when there was none
 * @param interrupted somebody asked to stop before all rounds were done
 */
public record RunningOutcome(
    HwptId from,
    HwptId to,
    boolean automatic,
    Optional<HwptId> now,
    int rounds,
    List<Check> checks,
    LatencySummary there,
    Optional<LatencySummary> back,
    boolean interrupted) {

  /** Copies the list. */
  public RunningOutcome {
    checks = List.copyOf(checks);
  }

  /** True if everything that was verified holds. */
  public boolean verified() {
    return checks.stream().allMatch(Check::holds);
  }
}
