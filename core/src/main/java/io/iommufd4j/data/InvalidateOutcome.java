// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.data;

import io.iommufd4j.error.KernelException;

/** The outcome of an invalidation: how many entries the driver handled, and why not all. */
public sealed interface InvalidateOutcome {

  /** {@return the number of entries that were handled, from the first} */
  int handled();

  /**
   * All entries were handled.
   *
   * @param handled their number
   */
  record Done(int handled) implements InvalidateOutcome {}

  /**
   * The kernel refused an entry, or the request as a whole.
   *
   * @param handled the number of entries before that one, as the driver counts them; an SMMUv3's
   *     counts those that reached the hardware
   * @param cause the refusal, with its errno and hint
   */
  record Refused(int handled, KernelException cause) implements InvalidateOutcome {}
}
