// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.replace;

import io.iommufd4j.uapi.DeviceId;
import java.util.List;
import java.util.Optional;

/**
 * The result of a replace.
 *
 * @param device the device's id in the iommufd
 * @param from the translation before
 * @param to the translation after
 * @param nanos of the one replace that the checks are about
 * @param checks the facts that were verified
 * @param proof the memory that DMA reached, where that was asked for
 * @param latency many replaces, where that was asked for
 */
public record ReplaceOutcome(
    DeviceId device,
    Translation from,
    Translation to,
    long nanos,
    List<Check> checks,
    Optional<DmaProof> proof,
    Optional<Latency> latency) {

  /** Copies the list. */
  public ReplaceOutcome {
    checks = List.copyOf(checks);
  }

  /** True if somebody asked it to stop before all rounds were measured. */
  public boolean interrupted() {
    return latency.filter(Latency::interrupted).isPresent();
  }

  /** True if everything that was verified holds. */
  public boolean verified() {
    return checks.stream().allMatch(Check::holds);
  }
}
