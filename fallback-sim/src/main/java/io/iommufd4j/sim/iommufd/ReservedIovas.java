package io.iommufd4j.sim.iommufd;

import java.util.ArrayList;
import java.util.List;

/**
 * IOVAs that cannot be mapped ({@code struct iopt_reserved}), each with the device or domain that
 * says so; several may say it of the same one. Guarded by the IOVA lock.
 */
final class ReservedIovas {

  private record Range(long start, long last, Object owner) {}

  /** By start. */
  private final List<Range> ranges = new ArrayList<>();

  boolean isEmpty() {
    return ranges.isEmpty();
  }

  boolean intersects(long start, long last) {
    for (Range range : ranges) {
      if (Iova.above(range.start, last)) {
        return false;
      }
      if (!Iova.below(range.last, start)) {
        return true;
      }
    }
    return false;
  }

  void add(long start, long last, Object owner) {
    int at = 0;
    while (at < ranges.size() && !Iova.above(ranges.get(at).start, start)) {
      at++;
    }
    ranges.add(at, new Range(start, last, owner));
  }

  /** Forgets all that one owner reserved. */
  void removeOwner(Object owner) {
    ranges.removeIf(range -> range.owner == owner);
  }

  /** What is not reserved between two IOVAs. */
  Holes holes(long first, long last) {
    return new Holes(first, last);
  }

  /** Steps through the ranges that nobody reserved, rising; the tree must not change meanwhile. */
  final class Holes {
    private final long end;
    private long next;
    private boolean done;
    private int at;
    private long start;
    private long last;

    private Holes(long first, long end) {
      this.next = first;
      this.end = end;
      this.done = Iova.above(first, end);
    }

    /** Moves to the next hole; false when there is none. */
    boolean next() {
      while (!done) {
        if (at == ranges.size() || Iova.above(ranges.get(at).start, end)) {
          start = next;
          last = end;
          done = true;
          return true;
        }
        Range range = ranges.get(at++);
        long before = next;
        if (!Iova.below(range.last, next)) {
          done = !Iova.below(range.last, end);
          next = range.last + 1;
        }
        if (Iova.above(range.start, before)) {
          start = before;
          last = range.start - 1;
          return true;
        }
      }
      return false;
    }

    /** First IOVA of the hole. */
    long start() {
      return start;
    }

    /** Inclusive last IOVA of the hole. */
    long last() {
      return last;
    }
  }
}
