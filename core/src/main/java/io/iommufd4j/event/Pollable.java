// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.event;

import io.iommufd4j.kernel.Kernel;

/** A handle whose descriptor {@code poll(2)} can wait for. */
public interface Pollable {

  /** {@return the kernel that the descriptor belongs to} */
  Kernel kernel();

  /**
   * {@return the descriptor, which stays the handle's}
   *
   * @throws IllegalStateException when closed
   */
  int fd();
}
