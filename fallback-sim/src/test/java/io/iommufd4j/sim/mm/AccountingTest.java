// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.mm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.ProcessFacts;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.Accounting.Mode;
import org.junit.jupiter.api.Test;

class AccountingTest {

  @Test
  void theLimitIsReachedAndNotPassed() {
    var accounting = new Accounting(3 * UserMemory.PAGE_SIZE + 100, false);
    accounting.charge(Mode.USER, 2);
    accounting.charge(Mode.USER, 1);
    var refused = assertThrows(Refused.class, () -> accounting.charge(Mode.USER, 1));
    assertEquals(Errno.ENOMEM, refused.errno());
    assertEquals(3 * UserMemory.PAGE_SIZE, accounting.pinnedBytes());
    accounting.uncharge(Mode.USER, 3);
    assertEquals(0, accounting.pinnedBytes());
    accounting.charge(Mode.USER, 3);
  }

  @Test
  void userAndProcessAreLimitedApart() {
    var accounting = new Accounting(2 * UserMemory.PAGE_SIZE, false);
    accounting.charge(Mode.USER, 2);
    accounting.charge(Mode.PROCESS, 2);
    assertEquals(4 * UserMemory.PAGE_SIZE, accounting.pinnedBytes());
    assertThrows(Refused.class, () -> accounting.charge(Mode.PROCESS, 1));
  }

  @Test
  void whoMayLockMemoryIsNotLimited() {
    var root = new Accounting(UserMemory.PAGE_SIZE, true);
    assertEquals(Mode.NONE, root.mode(false));
    assertEquals(Mode.NONE, root.mode(true));
    root.charge(Mode.NONE, 100);
    assertEquals(100 * UserMemory.PAGE_SIZE, root.pinnedBytes());
  }

  @Test
  void aContextSaysWhatNewPagesCountAgainst() {
    var accounting = new Accounting(ProcessFacts.UNLIMITED, false);
    assertEquals(Mode.USER, accounting.mode(false));
    assertEquals(Mode.PROCESS, accounting.mode(true));
    accounting.charge(Mode.USER, 1L << 40);
  }

  @Test
  void aCountThatWouldOverflowIsRefused() {
    var accounting = new Accounting(ProcessFacts.UNLIMITED, false);
    accounting.charge(Mode.USER, Long.MAX_VALUE);
    assertThrows(Refused.class, () -> accounting.charge(Mode.USER, 1));
  }
}
