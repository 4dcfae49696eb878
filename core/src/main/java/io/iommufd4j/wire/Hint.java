package io.iommufd4j.wire;

/**
 * Finds the cause of a refusal: knows what was asked for, and asks the kernel and sysfs what stands
 * against it. Asked only after a refusal; its questions change nothing that lasts.
 */
@FunctionalInterface
public interface Hint {

  /**
   * The cause and what would help, in one line; empty when this errno has no cause of its own here.
   *
   * @param errno positive
   */
  String of(int errno);
}
