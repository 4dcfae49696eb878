// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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

  /** Maps and unmaps anywhere, against a map with an entry for each smallest page. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void asPageByPage(long seed) {
    var random = new Random(seed);
    long middle = 0x1_0000;
    // Odd seeds have all of an address space, whose upper half is negative to Java.
    long base = seed % 2 == 0 ? 0 : -(1L << 30);
    var tried = new PageTable(0, seed % 2 == 0 ? (1L << 39) - 1 : -1, SMALL | middle | LARGE);
    var pages = new TreeMap<Long, Long>();
    for (int step = 0; step < 3000; step++) {
      long at = base + random.nextLong(4 * LARGE / SMALL) * SMALL;
      long count = random.nextInt(3) == 0 ? LARGE / SMALL : 1 + random.nextInt(40);
      if (random.nextBoolean()) {
        boolean taken = !pages.subMap(at, at + count * SMALL).isEmpty();
        long physical = (1L << 40) + (at - base) + random.nextInt(2) * SMALL;
        if (taken) {
          assertThrows(
              Refused.class, () -> tried.map(at, physical, count * SMALL, READ_WRITE, ANY));
        } else {
          tried.map(at, physical, count * SMALL, READ_WRITE, ANY);
          for (long i = 0; i < count; i++) {
            pages.put(at + i * SMALL, physical + i * SMALL);
          }
        }
      } else {
        long gone = tried.unmap(at, count * SMALL);
        for (long i = 0; i < gone / SMALL; i++) {
          assertNotNull(pages.remove(at + i * SMALL));
        }
      }
      assertEquals(pages.getOrDefault(at, IommuDomain.FAULT), tried.physical(at));
    }
    for (long i = 0; i < 5 * LARGE / SMALL; i++) {
      long at = base + i * SMALL;
      assertEquals(pages.getOrDefault(at, IommuDomain.FAULT), tried.translate(at, true));
      assertEquals(pages.containsKey(at), tried.contiguous(at) > 0);
    }
    pages.keySet().forEach(tried::markDirty);
    var found = new TreeMap<Long, Long>();
    tried.readDirty(base, base + 5 * LARGE - 1, false, found::put);
    assertEquals(pages.size() * SMALL, found.values().stream().mapToLong(Long::longValue).sum());
    tried.readDirty(base, base + 5 * LARGE - 1, false, (iova, bytes) -> fail("clean by now"));
    found.forEach((iova, bytes) -> assertEquals(bytes, tried.unmap(iova, 1), "a leaf goes whole"));
    assertTrue(tried.isEmpty());
  }

  @Test
  void trackingStartsClean() {
    table.map(LARGE, LARGE, LARGE, READ_WRITE, SMALL);
    assertEquals(LARGE, table.translate(LARGE, true));
    assertEquals(List.of(), dirty(0, 2 * LARGE, true), "nobody tracks yet");
    table.markDirty(LARGE);
    table.setDirtyTracking(true);
    assertEquals(List.of(), dirty(0, 2 * LARGE, true));
    assertEquals(LARGE + 1, table.translate(LARGE + 1, true));
    assertEquals(List.of(new Leaf(LARGE, SMALL)), dirty(0, 2 * LARGE, true));
  }

  /** A table that maps ever new places and forgets the old ones keeps no tables for them. */
  @Test
  void whatIsEmptyGoes() {
    for (long i = 0; i < 100_000; i++) {
      long iova = i * LARGE % (1L << 38);
      table.map(iova, LARGE, SMALL, READ_WRITE, ANY);
      assertEquals(SMALL, table.unmap(iova, SMALL));
    }
    assertTrue(table.isEmpty());
    assertTrue(table.tables() < 2000, table.tables() + " tables");
  }
}
