// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.replace;

/**
 * Replace beside detach + attach, taken in turns within one run.
 *
 * @param rounds of each that were measured
 * @param wanted rounds that were asked for; more than that when it was interrupted
 * @param warmUp rounds before them that do not count
 * @param replace one replace, which moves the whole group
 * @param detachAttach the same move by detaching and attaching each attached device of the group
 */
public record Latency(
    int rounds, int wanted, int warmUp, LatencySummary replace, LatencySummary detachAttach) {

  /** True if it ended before all rounds were measured. */
  public boolean interrupted() {
    return rounds < wanted;
  }

  /** The median time of detach + attach divided by that of a replace. */
  public double ratio() {
    return (double) detachAttach.medianNanos() / Math.max(1, replace.medianNanos());
  }
}
