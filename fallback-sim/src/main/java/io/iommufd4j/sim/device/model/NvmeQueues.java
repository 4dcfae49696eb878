// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.device.model;

import io.iommufd4j.sim.device.DevicePort;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The queues that a controller has at the moment, by their ids; 0 is the admin queue's. */
final class NvmeQueues {

  private final DevicePort port;
  private final int most;
  private final @Nullable NvmeSubmissionQueue[] submissions;
  private final @Nullable NvmeCompletionQueue[] completions;

  /**
   * None.
   *
   * @param most the highest id that there can be
   */
  NvmeQueues(DevicePort port, int most) {
    this.port = port;
    this.most = most;
    submissions = new NvmeSubmissionQueue[most + 1];
    completions = new NvmeCompletionQueue[most + 1];
  }

  int most() {
    return most;
  }

  void clear() {
    Arrays.fill(submissions, null);
    Arrays.fill(completions, null);
  }

  @Nullable NvmeSubmissionQueue submission(int id) {
    return id <= most ? submissions[id] : null;
  }

  @Nullable NvmeCompletionQueue completion(int id) {
    return id <= most ? completions[id] : null;
  }

  /** The queue that the commands of another are completed in. */
  NvmeCompletionQueue completionsOf(NvmeSubmissionQueue queue) {
    return Objects.requireNonNull(completions[queue.completions()]);
  }

  void makeSubmission(int id, long address, int entries, int completedIn) {
    submissions[id] = new NvmeSubmissionQueue(port, id, address, entries, completedIn);
  }

  void makeCompletion(int id, long address, int entries, int vector) {
    completions[id] = new NvmeCompletionQueue(port, address, entries, vector);
  }

  void deleteSubmission(int id) {
    submissions[id] = null;
  }

  void deleteCompletion(int id) {
    completions[id] = null;
  }

  /** True if a completion queue has a submission queue. */
  boolean used(int completion) {
    return Arrays.stream(submissions)
        .anyMatch(queue -> queue != null && queue.completions() == completion);
  }

  /** True if a queue with this vector has entries that the driver has not taken. */
  boolean waiting() {
    return Arrays.stream(completions)
        .anyMatch(queue ->
            queue != null && queue.vector() != NvmeCompletionQueue.POLLED && queue.waiting());
  }
}
