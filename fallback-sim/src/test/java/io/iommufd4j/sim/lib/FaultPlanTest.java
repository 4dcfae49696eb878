// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.lib;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.FaultPlan.Kind;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class FaultPlanTest {

  private final FaultPlan faults = new FaultPlan();
  private final Thread self = Thread.currentThread();

  @Test
  void theNthPointFailsAndNoOther() {
    faults.count(Kind.SLAB, true);
    faults.arm(self, 3);
    faults.alloc();
    faults.inject(Errno.ENOENT);
    assertEquals(1, faults.left(self));
    assertEquals(Errno.ENOMEM, assertThrows(Refused.class, faults::alloc).errno());
    assertEquals(0, faults.left(self));
    faults.alloc();
    faults.inject(Errno.ENOENT);
  }

  @Test
  void aPointHasAnErrnoOfItsOwn() {
    faults.arm(self, 1);
    var refused = assertThrows(Refused.class, () -> faults.inject(Errno.ENOENT));
    assertEquals(Errno.ENOENT, refused.errno());
  }

  @Test
  void onlyWhatIsSwitchedOnCounts() {
    faults.arm(self, 1);
    faults.alloc();
    faults.page();
    faults.copy();
    assertEquals(1, faults.left(self));
    faults.count(Kind.USERCOPY, true);
    faults.alloc();
    faults.page();
    assertEquals(Errno.EFAULT, assertThrows(Refused.class, faults::copy).errno());
  }

  @Test
  void eachThreadHasItsOwnCount() {
    faults.arm(self, 1);
    CompletableFuture.runAsync(() -> faults.inject(Errno.ENOENT)).join();
    assertEquals(1, faults.left(self));
    faults.arm(self, 0);
    faults.inject(Errno.ENOENT);
  }
}
