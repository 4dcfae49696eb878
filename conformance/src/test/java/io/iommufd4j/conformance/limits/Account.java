// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.limits;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.ProcessStatus;
import io.iommufd4j.conformance.UserPages;

/** The memory that this process has locked and pinned since the test began. */
final class Account {

  private static final String SELF = "self";

  private final KernelUnderTest test;
  private final ProcessStatus before;

  Account(KernelUnderTest test) {
    this.test = test;
    before = ProcessStatus.of(test, SELF);
  }

  /** Expects so many pages more than when the test began. */
  void shows(long locked, long pinned) {
    ProcessStatus now = ProcessStatus.of(test, SELF);
    assertEquals(locked * UserPages.PAGE, now.lockedBytes() - before.lockedBytes(), "VmLck");
    assertEquals(pinned * UserPages.PAGE, now.pinnedBytes() - before.pinnedBytes(), "VmPin");
    assertEquals(now.pinnedBytes(), test.kernel().process().pinnedBytes());
  }
}
