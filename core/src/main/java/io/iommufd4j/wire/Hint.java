// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.wire;

import io.iommufd4j.kernel.ErrnoCode;

/**
 * Finds the cause of a refusal: knows what was asked for, and asks the kernel and sysfs for the
 * obstacle. Asked only after a refusal; its questions change nothing that lasts.
 */
@FunctionalInterface
public interface Hint {

  /**
   * {@return the cause and what would help, in one line; empty when this errno has no cause of its
   * own here}
   *
   * @param errno of the refusal
   */
  String of(ErrnoCode errno);
}
