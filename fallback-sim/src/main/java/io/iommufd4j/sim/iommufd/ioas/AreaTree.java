// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd.ioas;

import java.util.Arrays;
import java.util.Objects;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The areas of an IOAS by IOVA; they never overlap. A B+ tree in which every node bounds the gaps
 * between its entries, so that room for a new area is found without walking the others. Guarded by
 * the IOVA lock.
 */
final class AreaTree {

  /** No IOVA: nothing ever starts at the highest address. */
  static final long NONE = Iova.MAX;

  /** The most entries of a node: shifting them costs less than another level. */
  private static final int WIDTH = 64;

  /**
   * The room that is looked for.
   *
   * @param length in bytes, at least 1
   * @param alignment of the start, a power of two
   * @param offset bits set in the start on top of that
   */
  record Room(long length, long alignment, long offset) {

    /** The lowest start that fits between two IOVAs, or {@link #NONE}. */
    long lowest(long from, long to) {
      long up = from + alignment - 1;
      if (Iova.below(up, from)) {
        return NONE;
      }
      long start = (up & -alignment) | offset;
      if (Long.compareUnsigned(start, to) >= 0 || Iova.below(to - start, length - 1)) {
        return NONE;
      }
      return start;
    }
  }

  private Node root = new Leaf();

  boolean isEmpty() {
    return root.count == 0;
  }

  /** The lowest area that has an IOVA between two; null when none has. */
  @Nullable Area first(long start, long last) {
    Area lowest = root.lowestReaching(start);
    return lowest == null || Iova.above(lowest.iova, last) ? null : lowest;
  }

  /** The lowest area; null when there is none. */
  @Nullable Area first() {
    return root.lowestReaching(0);
  }

  /** The area after another; null when there is none. */
  @Nullable Area next(Area area) {
    return area.last == Iova.MAX ? null : root.lowestReaching(area.last + 1);
  }

  /** The lowest start between two IOVAs where an area fits, or {@link #NONE}. */
  long lowestFit(long from, long to, Room room) {
    if (isEmpty()) {
      return room.lowest(from, to);
    }
    long found = root.lowestFit(from, to, room);
    if (found != NONE || !Iova.below(root.last(), to)) {
      return found;
    }
    return room.lowest(Iova.max(from, root.last() + 1), to);
  }

  void insert(Area area) {
    Node right = root.insert(area);
    if (right != null) {
      root = new Branch(root, right);
    }
  }

  /** Takes an area out that is in it. */
  void remove(Area area) {
    root.take(area.iova, null);
    lower();
  }

  /**
   * Takes areas out, from the lowest that has an IOVA or a higher one on, in their order, as long
   * as each may go. It may end before one that may not: when it answers with more than none, there
   * can be others to go.
   *
   * @return how many it took
   */
  int takeWhile(long iova, Predicate<Area> goes) {
    int taken = root.take(iova, goes);
    if (taken > 0) {
      lower();
    }
    return taken;
  }

  private void lower() {
    while (root instanceof Branch branch && branch.count <= 1) {
      root = branch.count == 0 ? new Leaf() : branch.node(0);
    }
  }

  /** Up to {@link #WIDTH} areas, or nodes of them, by rising IOVA. */
  private abstract static sealed class Node {

    final @Nullable Object[] entries = new @Nullable Object[WIDTH];
    int count;

    /**
     * No gap between two areas in here is wider. Narrower ones do not lower it at once; a search in
     * vain does.
     */
    long widestGap;

    /** The lowest IOVA of an entry. */
    abstract long first(int entry);

    /** The highest IOVA of an entry. */
    abstract long last(int entry);

    final long first() {
      return first(0);
    }

    final long last() {
      return last(count - 1);
    }

    /** The lowest area that has this IOVA or a higher one; null when there is none. */
    abstract @Nullable Area lowestReaching(long iova);

    /** Puts an area in; answers the upper half of a node that became too large for one. */
    abstract @Nullable Node insert(Area area);

    /**
     * {@link AreaTree#takeWhile} in one leaf.
     *
     * @param goes null to take one area, whatever it is
     */
    abstract int take(long iova, @Nullable Predicate<Area> goes);

    /**
     * The lowest start where an area fits from an IOVA on, up to the last entry, or {@link #NONE}.
     */
    final long lowestFit(long from, long to, Room room) {
      if (Iova.below(widestGap, room.length()) && !Iova.above(first(), from)) {
        return NONE;
      }
      long at = from;
      for (int i = reaching(from); i < count && !Iova.above(at, to); i++) {
        if (Iova.above(first(i), at)) {
          long start = room.lowest(at, Iova.min(to, first(i) - 1));
          if (start != NONE) {
            return start;
          }
          at = first(i);
        }
        long start = fitWithin(i, at, to, room);
        if (start != NONE) {
          return start;
        }
        at = last(i) + 1;
      }
      widestGap = exactWidestGap();
      return NONE;
    }

    /** {@link #lowestFit} in an entry that may have gaps itself. */
    abstract long fitWithin(int entry, long from, long to, Room room);

    /** The widest gap in an entry, as far as it is known. */
    abstract long gapWithin(int entry);

    private long exactWidestGap() {
      long widest = gapWithin(0);
      for (int i = 1; i < count; i++) {
        widest = Iova.max(widest, Iova.max(gapWithin(i), gapBefore(i)));
      }
      return widest;
    }

    private long gapBefore(int entry) {
      return first(entry) - last(entry - 1) - 1;
    }

    /** The gaps in and around an entry, which is new or has changed, count from now on. */
    final void noteGaps(int entry) {
      long widest = Iova.max(widestGap, gapWithin(entry));
      if (entry > 0) {
        widest = Iova.max(widest, gapBefore(entry));
      }
      if (entry < count - 1) {
        widest = Iova.max(widest, gapBefore(entry + 1));
      }
      widestGap = widest;
    }

    /** The first entry that has this IOVA or a higher one; {@link #count} when none has. */
    final int reaching(long iova) {
      int low = 0;
      int high = count;
      while (low < high) {
        int middle = (low + high) >>> 1;
        if (Iova.below(last(middle), iova)) {
          low = middle + 1;
        } else {
          high = middle;
        }
      }
      return low;
    }

    /** A node of the same kind, with nothing in it. */
    abstract Node empty();

    /** Puts an entry at a place; answers the upper half when there is no room. */
    final @Nullable Node add(int place, Object entry) {
      if (count < WIDTH) {
        open(place, 1);
        set(place, entry);
        noteGaps(place);
        return null;
      }
      // Who maps in order, up or down, gets full nodes.
      int kept = place == 0 || place == WIDTH ? place : WIDTH / 2;
      Node right = empty();
      right.append(this, kept);
      count = kept;
      Arrays.fill(entries, kept, WIDTH, null);
      if (place > kept || kept == WIDTH) {
        right.add(place - kept, entry);
      } else {
        add(place, entry);
      }
      return right;
    }

    /** Takes over the entries of another from one on. */
    final void append(Node other, int from) {
      int at = count;
      for (int i = from; i < other.count; i++) {
        count++;
        set(at + i - from, Objects.requireNonNull(other.entries[i]));
      }
      widestGap = Iova.max(widestGap, other.widestGap);
      if (at > 0 && at < count) {
        noteGaps(at);
      }
    }

    /** Takes entries out, from one on and before another. */
    final void close(int from, int to) {
      int before = count;
      open(to, from - to);
      Arrays.fill(entries, count, before, null);
      if (from > 0 && from < count) {
        noteGaps(from);
      }
    }

    /** Moves the entries from a place on, up or down. */
    void open(int place, int by) {
      System.arraycopy(entries, place, entries, place + by, count - place);
      count += by;
    }

    /** Puts an entry at a place that is free for it. */
    void set(int place, Object entry) {
      entries[place] = entry;
    }
  }

  /** Areas. */
  private static final class Leaf extends Node {

    private Area area(int place) {
      return (Area) Objects.requireNonNull(entries[place]);
    }

    @Override
    long first(int entry) {
      return area(entry).iova;
    }

    @Override
    long last(int entry) {
      return area(entry).last;
    }

    @Override
    @Nullable Area lowestReaching(long iova) {
      int place = reaching(iova);
      return place == count ? null : area(place);
    }

    @Override
    @Nullable Node insert(Area area) {
      return add(reaching(area.iova), area);
    }

    @Override
    int take(long iova, @Nullable Predicate<Area> goes) {
      int from = reaching(iova);
      int to = goes == null ? from + 1 : from;
      while (goes != null && to < count && goes.test(area(to))) {
        to++;
      }
      if (to > from) {
        close(from, to);
      }
      return to - from;
    }

    @Override
    long fitWithin(int entry, long from, long to, Room room) {
      return NONE;
    }

    @Override
    long gapWithin(int entry) {
      return 0;
    }

    @Override
    Node empty() {
      return new Leaf();
    }
  }

  /** Nodes, with the lowest and the highest IOVA of each at hand. */
  private static final class Branch extends Node {

    /** A node with fewer entries is put together with a neighbour, if that has room. */
    private static final int FEW = WIDTH / 4;

    private final long[] firsts = new long[WIDTH];
    private final long[] lasts = new long[WIDTH];

    Branch(Node... nodes) {
      for (Node node : nodes) {
        add(count, node);
      }
    }

    Node node(int place) {
      return (Node) Objects.requireNonNull(entries[place]);
    }

    @Override
    long first(int entry) {
      return firsts[entry];
    }

    @Override
    long last(int entry) {
      return lasts[entry];
    }

    @Override
    @Nullable Area lowestReaching(long iova) {
      int place = reaching(iova);
      return place == count ? null : node(place).lowestReaching(iova);
    }

    @Override
    @Nullable Node insert(Area area) {
      int place = Math.min(reaching(area.iova), count - 1);
      Node right = node(place).insert(area);
      set(place, node(place));
      if (right != null) {
        return add(place + 1, right);
      }
      noteGaps(place);
      return null;
    }

    @Override
    int take(long iova, @Nullable Predicate<Area> goes) {
      int place = reaching(iova);
      int taken = place == count ? 0 : node(place).take(iova, goes);
      if (taken > 0) {
        settle(place);
      }
      return taken;
    }

    /** Notes that a node has fewer entries. */
    private void settle(int place) {
      Node node = node(place);
      if (node.count == 0) {
        close(place, place + 1);
        return;
      }
      set(place, node);
      noteGaps(place);
      if (node.count < FEW && count > 1) {
        join(Math.min(place, count - 2));
      }
    }

    /** Puts a node together with the one behind it, unless both would be nearly full then. */
    private void join(int place) {
      Node node = node(place);
      Node behind = node(place + 1);
      if (node.count + behind.count <= WIDTH - FEW) {
        node.append(behind, 0);
        close(place + 1, place + 2);
        set(place, node);
        noteGaps(place);
      }
    }

    @Override
    long fitWithin(int entry, long from, long to, Room room) {
      Node node = node(entry);
      return Iova.below(node.widestGap, room.length()) ? NONE : node.lowestFit(from, to, room);
    }

    @Override
    long gapWithin(int entry) {
      return node(entry).widestGap;
    }

    @Override
    Node empty() {
      return new Branch();
    }

    @Override
    void open(int place, int by) {
      System.arraycopy(firsts, place, firsts, place + by, count - place);
      System.arraycopy(lasts, place, lasts, place + by, count - place);
      super.open(place, by);
    }

    @Override
    void set(int place, Object entry) {
      super.set(place, entry);
      firsts[place] = ((Node) entry).first();
      lasts[place] = ((Node) entry).last();
    }
  }
}
