// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.examples.nvme;

/** The counters of a workload. */
final class Counts {

  /** Commands that the controller completed with success and whose data was right. */
  long commands;

  /** Bytes of their data. */
  long bytes;

  /** Flushes among them. */
  long flushes;

  /** Commands that the controller refused during a replace, as with a data transfer error. */
  long refused;

  /** Commands reported as a success during a replace, of which data was missing. */
  long incomplete;

  /** Commands that a reset of the controller ended. */
  long ended;

  /** Commands without an answer in time. */
  long timeouts;

  /** Resets of the controller, which had failed or did not answer. */
  long resets;

  /** Blocks that were written and are not there. */
  long lost;

  /** Blocks found in another's place. */
  long foreign;

  /** Completions that the controller wrote while a replace was running. */
  long duringReplace;

  /** Commands that were outstanding when a replace began, over all replaces. */
  long outstanding;

  /** Commands that had to be given again. */
  long retried() {
    return refused + incomplete + ended;
  }
}
