// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd.ioas;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** As many areas as make three levels, against the same ones in a map of the JDK's. */
class AreaTreeTest {

  private static final long PAGE = 4096;
  private static final int AREAS = 12_000;

  private final AreaTree tree = new AreaTree();
  private final TreeMap<Long, Area> model = new TreeMap<>(Long::compareUnsigned);

  private Area insert(long iova, long length) {
    Area area = new Area(iova, length, 0, 1);
    tree.insert(area);
    model.put(iova, area);
    return area;
  }

  private void remove(Area area) {
    tree.remove(area);
    model.remove(area.iova);
  }

  @Test
  void risingAndFalling() {
    for (long i = 0; i < AREAS; i++) {
      insert((1L << 32) + i * PAGE, PAGE);
      insert((1L << 32) - (i + 1) * 2 * PAGE, PAGE);
    }
    assertAlike(new Random(0));
    for (Area area = tree.first(); area != null; area = tree.first()) {
      assertSame(model.firstEntry().getValue(), area);
      remove(area);
    }
    assertTrue(tree.isEmpty());
    assertEquals(PAGE, tree.lowestFit(PAGE, -1, new AreaTree.Room(PAGE, PAGE, 0)));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void anyOrder(long seed) {
    var random = new Random(seed);
    var areas = new ArrayList<Area>();
    for (int round = 0; round < 4; round++) {
      while (model.size() < AREAS) {
        long start = random.nextLong(AREAS * 8) * PAGE;
        long length = (1 + random.nextInt(4)) * PAGE;
        if (free(start, start + length - 1)) {
          areas.add(insert(start, length));
        }
      }
      assertAlike(random);
      while (areas.size() > AREAS / 50) {
        remove(areas.remove(random.nextInt(areas.size())));
      }
      assertAlike(random);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  void runsAreTakenOutUpToOneThatStays(long seed) {
    var random = new Random(seed);
    for (long i = 0; i < AREAS; i++) {
      insert(i * 2 * PAGE, PAGE);
    }
    var stay = new HashSet<Long>();
    for (int i = 0; i < 100; i++) {
      stay.add(random.nextLong(AREAS) * 2 * PAGE);
    }
    for (long from = random.nextLong(AREAS) * PAGE; from < 2 * AREAS * PAGE; ) {
      var taken = new ArrayList<Area>();
      int count = tree.takeWhile(from, area -> !stay.contains(area.iova) && taken.add(area));
      assertEquals(model.tailMap(from).values().stream().limit(count).toList(), taken);
      taken.forEach(area -> model.remove(area.iova));
      if (count == 0) {
        Area next = lowest(from, Long.MAX_VALUE);
        assertTrue(next == null || stay.contains(next.iova));
        from = next == null ? Long.MAX_VALUE : next.iova + PAGE;
      }
    }
    assertAlike(random);
    assertTrue(model.size() > stay.size() / 2 && model.size() < AREAS);
  }

  @Test
  void theHighestIova() {
    Area highest = insert(-PAGE, PAGE);
    insert(0, PAGE);
    assertNull(tree.next(highest));
    var room = new AreaTree.Room(PAGE, PAGE, 0);
    assertEquals(PAGE, tree.lowestFit(0, -1, room));
    assertEquals(AreaTree.NONE, tree.lowestFit(-PAGE, -1, room));
    remove(highest);
    assertNull(tree.first(PAGE, -1));
  }

  private boolean free(long start, long last) {
    var below = model.floorEntry(last);
    return below == null || Iova.below(below.getValue().last, start);
  }

  /** Walks both, and asks both for places and neighbours. */
  private void assertAlike(Random random) {
    List<Area> walked = new ArrayList<>();
    for (Area area = tree.first(); area != null; area = tree.next(area)) {
      walked.add(area);
    }
    assertEquals(List.copyOf(model.values()), walked);
    for (int i = 0; i < 500; i++) {
      long from = random.nextLong(AREAS * 9) * PAGE;
      long to = from + random.nextLong(1, AREAS) * PAGE - 1;
      assertSame(lowest(from, to), tree.first(from, to));
      long alignment = PAGE << random.nextInt(4);
      var room = new AreaTree.Room((1 + random.nextInt(40)) * PAGE, alignment, 0);
      assertEquals(lowestFit(from, to, room), tree.lowestFit(from, to, room));
    }
  }

  private @Nullable Area lowest(long from, long to) {
    var below = model.floorEntry(from);
    if (below != null && !Iova.below(below.getValue().last, from)) {
      return below.getValue();
    }
    var above = model.ceilingEntry(from);
    return above == null || Iova.above(above.getKey(), to) ? null : above.getValue();
  }

  private long lowestFit(long from, long to, AreaTree.Room room) {
    long at = from;
    for (Area area = lowest(from, to); area != null; area = lowest(at, to)) {
      if (Iova.above(area.iova, at)) {
        long start = room.lowest(at, Iova.min(to, area.iova - 1));
        if (start != AreaTree.NONE) {
          return start;
        }
      }
      at = area.last + 1;
      if (Iova.above(at, to)) {
        return AreaTree.NONE;
      }
    }
    return room.lowest(at, to);
  }
}
