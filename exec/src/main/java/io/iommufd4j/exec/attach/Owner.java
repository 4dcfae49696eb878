// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.attach;

/** The process that has a simulated kernel, and answers programs of other supervisors. */
public interface Owner {

  /** {@return the number that descriptors of simulated files are given from on} */
  int first();

  /**
   * Answers what a seccomp listener is told, for as long as any process is behind it.
   *
   * @param listener its descriptor here, which is the owner's from now on
   */
  void supervise(int listener);
}
