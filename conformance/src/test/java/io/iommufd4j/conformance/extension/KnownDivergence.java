// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.extension;

import org.opentest4j.TestAbortedException;

/** A test did not hold on the simulated kernel, as the list of divergences says it would not. */
public final class KnownDivergence extends TestAbortedException {

  private static final long serialVersionUID = 1L;

  KnownDivergence(String reason, Throwable cause) {
    super("divergence: " + reason, cause);
  }
}
