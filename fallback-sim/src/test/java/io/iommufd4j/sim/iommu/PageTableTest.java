// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Leaves: what they are, what writes dirty, and what is unmapped with them. */
class PageTableTest {

  private static final long SMALL = 0x1000;
  private static final long LARGE = 0x20_0000;
  private static final int READ_WRITE = PagingDomain.READ | PagingDomain.WRITE;
  private static final long ANY = -1;

  private final PageTable table = new PageTable(0, (1L << 39) - 1, SMALL | LARGE);

  /** A leaf that was written to. */
  private record Leaf(long iova, long bytes) {}

  private List<Leaf> dirty(long iova, long last, boolean keep) {
    var leaves = new ArrayList<Leaf>();
    table.readDirty(iova, last, keep, (at, bytes) -> leaves.add(new Leaf(at, bytes)));
    return leaves;
  }

  @Test
  void aLeafIsAsLargeAsBothSidesAllow() {
    table.map(LARGE - SMALL, 5 * LARGE - SMALL, LARGE + 2 * SMALL, READ_WRITE, ANY);
    for (long iova = LARGE - SMALL; iova < 2 * LARGE + SMALL; iova += SMALL) {
      table.markDirty(iova);
    }
    assertEquals(
        List.of(new Leaf(LARGE - SMALL, SMALL), new Leaf(LARGE, LARGE), new Leaf(2 * LARGE, SMALL)),
        dirty(0, 3 * LARGE, true));
    assertEquals(
        List.of(new Leaf(LARGE, LARGE)),
        dirty(LARGE + 7 * SMALL, LARGE + 8 * SMALL - 1, false),
        "a leaf counts from anywhere in it");
    assertEquals(2, dirty(0, 3 * LARGE, false).size());
    assertEquals(List.of(), dirty(0, 3 * LARGE, false));
  }

  @Test
  void misalignedMemoryHasSmallLeaves() {
    table.map(LARGE, 3 * LARGE + SMALL, LARGE, READ_WRITE, ANY);
    table.markDirty(LARGE + 5);
    assertEquals(List.of(new Leaf(LARGE, SMALL)), dirty(LARGE, 2 * LARGE - 1, true));
  }

  @Test
  void aLimitKeepsLeavesSmall() {
    table.map(LARGE, LARGE, LARGE, READ_WRITE, SMALL);
    table.markDirty(LARGE + SMALL);
    assertEquals(List.of(new Leaf(LARGE + SMALL, SMALL)), dirty(LARGE, 2 * LARGE - 1, true));
    assertEquals(SMALL, table.unmap(LARGE + SMALL, SMALL));
    assertEquals(List.of(), dirty(LARGE, 2 * LARGE - 1, true));
    assertEquals(LARGE, table.physical(LARGE));
    assertEquals(LARGE + 2 * SMALL, table.physical(LARGE + 2 * SMALL));
  }

  @Test
  void aLeafIsUnmappedWhole() {
    table.map(LARGE, LARGE, 2 * LARGE, READ_WRITE, ANY);
    assertEquals(0, table.unmap(LARGE + SMALL, SMALL), "not from within");
    assertEquals(LARGE, table.unmap(LARGE, SMALL), "more than asked for");
    assertEquals(IommuDomain.FAULT, table.physical(LARGE + SMALL));
    table.markDirty(2 * LARGE);
    assertEquals(List.of(new Leaf(2 * LARGE, LARGE)), dirty(0, 4 * LARGE, true));
    assertEquals(LARGE, table.unmap(2 * LARGE, LARGE));
    assertTrue(table.isEmpty());
  }

  @Test
  void nothingIsMappedTwice() {
    table.map(LARGE, LARGE, LARGE, READ_WRITE, ANY);
    Refused refused =
        assertThrows(Refused.class, () -> table.map(LARGE + SMALL, SMALL, SMALL, READ_WRITE, ANY));
    assertEquals(Errno.EADDRINUSE, refused.errno());
  }
}
