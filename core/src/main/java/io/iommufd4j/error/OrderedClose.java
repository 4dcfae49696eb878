// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.error;

import org.jspecify.annotations.Nullable;

/** Runs the steps of a close to the end: each failure is kept and none stops the next step. */
public final class OrderedClose {

  private @Nullable RuntimeException first;

  /** No step has run yet. */
  public OrderedClose() {}

  /**
   * Runs a step at once and keeps its failure for {@link #report}.
   *
   * @param step may throw
   */
  public void step(Runnable step) {
    try {
      step.run();
    } catch (RuntimeException e) {
      failed(e);
    }
  }

  /**
   * Keeps the failure of a step that ran elsewhere.
   *
   * @param failure for {@link #report}
   */
  public void failed(RuntimeException failure) {
    if (first == null) {
      first = failure;
    } else {
      first.addSuppressed(failure);
    }
  }

  /** Throws the first failure, with the others suppressed in it. */
  public void report() {
    if (first != null) {
      throw first;
    }
  }
}
