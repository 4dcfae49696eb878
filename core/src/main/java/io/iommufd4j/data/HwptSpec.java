// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.data;

import io.iommufd4j.uapi.FaultQueueId;
import io.iommufd4j.uapi.HwptFlag;
import java.util.Optional;
import java.util.Set;

/**
 * The kind of a HWPT to make, beside its device and parent: the rest of {@code struct
 * iommu_hwpt_alloc}.
 *
 * @param flags what it is for; may be empty
 * @param faultQueue the queue that its page faults go to; empty for none
 * @param data what a nested one translates by
 */
public record HwptSpec(Set<HwptFlag> flags, Optional<FaultQueueId> faultQueue, HwptData data) {

  /** Copies the set. */
  public HwptSpec {
    flags = Set.copyOf(flags);
  }

  /**
   * {@return a HWPT that the kernel fills}
   *
   * @param flags what it is for; may be none
   */
  public static HwptSpec of(HwptFlag... flags) {
    return new HwptSpec(Set.of(flags), Optional.empty(), new HwptData.None());
  }

  /**
   * {@return a nested HWPT}
   *
   * @param data what it translates by
   */
  public static HwptSpec nested(HwptData data) {
    return new HwptSpec(Set.of(), Optional.empty(), data);
  }

  /**
   * {@return the same with a queue for its page faults} Linux refuses it for a nesting parent.
   *
   * @param queue of the same iommufd
   */
  public HwptSpec withFaultQueue(FaultQueueId queue) {
    return new HwptSpec(flags, Optional.of(queue), data);
  }

  /**
   * {@return the same for other uses}
   *
   * @param other takes the place of the flags so far
   */
  public HwptSpec withFlags(HwptFlag... other) {
    return new HwptSpec(Set.of(other), faultQueue, data);
  }
}
