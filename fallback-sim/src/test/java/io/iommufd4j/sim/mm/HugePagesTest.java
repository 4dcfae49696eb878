// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.mm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.FaultPlan;
import io.iommufd4j.sim.lib.Refused;
import org.junit.jupiter.api.Test;

final class HugePagesTest {

  private static final Protection READ_WRITE = new Protection(true, true);

  private final HugePages pool = new HugePages();
  private final ProcessMemory memory = new ProcessMemory(new FaultPlan());

  @Test
  void anEmptyPoolHasNone() {
    var refused = assertThrows(Refused.class, () -> memory.mapHuge(1, READ_WRITE, pool));
    assertEquals(Errno.ENOMEM, refused.errno());
  }

  @Test
  void pagesReturnWhenNobodyHasThem() {
    pool.resize(2);
    long address = memory.mapHuge(HugePages.BYTES + 1, READ_WRITE, pool);
    assertEquals(0, address % HugePages.BYTES);
    memory.pin(address, 1, true);
    memory.unmap(address, 2 * HugePages.BYTES);
    assertThrows(Refused.class, () -> memory.mapHuge(1, READ_WRITE, pool));
    memory.unpin(address, 1);
    memory.unmap(memory.mapHuge(2 * HugePages.BYTES, READ_WRITE, pool), 2 * HugePages.BYTES);
  }

  @Test
  void takenPagesStay() {
    pool.resize(3);
    long address = memory.mapHuge(2 * HugePages.BYTES, READ_WRITE, pool);
    pool.resize(0);
    assertEquals(2, pool.size());
    memory.unmap(address, 2 * HugePages.BYTES);
    pool.resize(0);
    assertEquals(0, pool.size());
  }
}
