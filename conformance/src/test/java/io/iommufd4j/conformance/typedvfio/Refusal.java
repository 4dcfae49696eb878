// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.typedvfio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Errno;
import org.junit.jupiter.api.function.Executable;

/** Expects a kernel to refuse. */
public final class Refusal {

  private Refusal() {}

  /**
   * Runs what the kernel refuses.
   *
   * @param errno the one errno that will do
   */
  public static KernelException refused(Errno errno, Executable call) {
    var refused = assertThrows(KernelException.class, call);
    assertEquals(errno, refused.errno(), refused.getMessage());
    return refused;
  }
}
