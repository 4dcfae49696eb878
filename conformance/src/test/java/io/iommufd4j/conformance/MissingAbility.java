// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance;

import org.opentest4j.TestAbortedException;

/** A test needs something that the kernel under test is too old for. */
public final class MissingAbility extends TestAbortedException {

  private static final long serialVersionUID = 1L;

  MissingAbility(String need) {
    super("needs " + need);
  }
}
