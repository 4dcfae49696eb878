// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.replace;

/** Listens to the progress of a replace: to its steps, and to rounds if it wants to. */
@FunctionalInterface
public interface ProgressListener {

  /**
   * A step was taken.
   *
   * @param text names it, in one line
   */
  void did(String text);

  /**
   * A timed round is over.
   *
   * @param done rounds so far
   * @param all rounds wanted
   */
  default void round(int done, int all) {}
}
