// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.replace;

import io.iommufd4j.error.OrderedClose;
import java.util.ArrayDeque;
import java.util.Deque;

/** The steps that undo a run, last first. Each is taken even if others fail. */
public final class Undo implements AutoCloseable {

  private final Deque<Runnable> steps = new ArrayDeque<>();

  /** No step yet. */
  public Undo() {}

  /** Adds a step, to be taken before those that are there. */
  public void add(Runnable step) {
    steps.push(step);
  }

  /** Throws the first failure, with the others suppressed in it. */
  @Override
  public void close() {
    var close = new OrderedClose();
    while (!steps.isEmpty()) {
      close.step(steps.pop());
    }
    close.report();
  }
}
