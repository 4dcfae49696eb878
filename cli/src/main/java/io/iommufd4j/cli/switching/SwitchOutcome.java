// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.switching;

import java.util.List;

/**
 * All that was measured.
 *
 * @param cases in the order in which they were measured
 * @param interrupted true if somebody asked it to stop before the end
 */
public record SwitchOutcome(List<SwitchCase> cases, boolean interrupted) {

  /** Copies the list. */
  public SwitchOutcome {
    cases = List.copyOf(cases);
  }

  /** True if each case was measured. */
  public boolean complete() {
    return !interrupted && cases.stream().allMatch(one -> one.limit().isEmpty());
  }
}
