// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd.ioas;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * IOVAs that cannot be mapped ({@code struct iopt_reserved}), each with the device or domain that
 * says so; several may say it of the same one. Kept in arrays, since a replace adds and removes
 * some and should leave no garbage. Guarded by the IOVA lock.
 */
public final class ReservedIovas {

  // Ranges by start, one an index.
  private long[] starts = new long[4];
  private long[] lasts = new long[4];
  private @Nullable Object[] owners = new @Nullable Object[4];
  private int count;

  ReservedIovas() {}

  boolean isEmpty() {
    return count == 0;
  }

  boolean intersects(long start, long last) {
    for (int i = 0; i < count && !Iova.above(starts[i], last); i++) {
      if (!Iova.below(lasts[i], start)) {
        return true;
      }
    }
    return false;
  }

  void add(long start, long last, Object owner) {
    if (count == starts.length) {
      starts = Arrays.copyOf(starts, 2 * count);
      lasts = Arrays.copyOf(lasts, 2 * count);
      owners = Arrays.copyOf(owners, 2 * count);
    }
    int at = count++;
    for (; at > 0 && Iova.above(starts[at - 1], start); at--) {
      move(at - 1, at);
    }
    starts[at] = start;
    lasts[at] = last;
    owners[at] = owner;
  }

  /** Forgets all that one owner reserved. */
  void removeOwner(Object owner) {
    int kept = 0;
    for (int i = 0; i < count; i++) {
      if (owners[i] != owner) {
        move(i, kept++);
      }
    }
    Arrays.fill(owners, kept, count, null);
    count = kept;
  }

  private void move(int from, int to) {
    starts[to] = starts[from];
    lasts[to] = lasts[from];
    owners[to] = owners[from];
  }

  /** The ranges between two IOVAs that are not reserved. */
  Holes holes(long first, long last) {
    return new Holes(first, last);
  }

  /** Steps through the ranges that nobody reserved, rising; the tree must not change meanwhile. */
  public final class Holes {
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
    public boolean next() {
      while (!done) {
        if (at == count || Iova.above(starts[at], end)) {
          start = next;
          last = end;
          done = true;
          return true;
        }
        long reservedStart = starts[at];
        long reservedLast = lasts[at++];
        long before = next;
        if (!Iova.below(reservedLast, next)) {
          done = !Iova.below(reservedLast, end);
          next = reservedLast + 1;
        }
        if (Iova.above(reservedStart, before)) {
          start = before;
          last = reservedStart - 1;
          return true;
        }
      }
      return false;
    }

    /** First IOVA of the hole. */
    public long start() {
      return start;
    }

    /** Inclusive last IOVA of the hole. */
    public long last() {
      return last;
    }
  }
}
