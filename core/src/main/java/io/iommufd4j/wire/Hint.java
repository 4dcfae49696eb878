package io.iommufd4j.wire;

import io.iommufd4j.kernel.ErrnoCode;

/**
 * Finds the cause of a refusal: knows what was asked for, and asks the kernel and sysfs for the
 * obstacle. Asked only after a refusal; its questions change nothing that lasts.
 */
@FunctionalInterface
public interface Hint {

  /**
   * The cause and what would help, in one line; empty when this errno has no cause of its own here.
   */
  String of(ErrnoCode errno);
}
