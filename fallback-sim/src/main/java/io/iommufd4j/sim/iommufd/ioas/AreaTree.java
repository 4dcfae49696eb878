// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd.ioas;

import org.jspecify.annotations.Nullable;

/**
 * The areas of an IOAS by IOVA; they never overlap. A balanced (AVL) tree in which every node knows
 * the widest gap below it, so that room for a new area is found without walking the others. Guarded
 * by the IOVA lock.
 */
final class AreaTree {

  /** No IOVA: nothing ever starts at the highest address. */
  static final long NONE = Iova.MAX;

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

  private @Nullable Area root;

  boolean isEmpty() {
    return root == null;
  }

  /** The lowest area that has an IOVA between two; null when none has. */
  @Nullable Area first(long start, long last) {
    Area best = null;
    Area at = root;
    while (at != null) {
      if (Iova.below(at.last, start)) {
        at = at.right;
      } else {
        best = at;
        at = at.left;
      }
    }
    return best == null || Iova.above(best.iova, last) ? null : best;
  }

  /** The lowest area; null when there is none. */
  @Nullable Area first() {
    return first(0, Iova.MAX);
  }

  /** The area after another; null when there is none. */
  @Nullable Area next(Area area) {
    return area.last == Iova.MAX ? null : first(area.last + 1, Iova.MAX);
  }

  /** The lowest start between two IOVAs where an area fits, or {@link #NONE}. */
  long lowestFit(long from, long to, Room room) {
    return fit(root, from, to, room);
  }

  void insert(Area area) {
    root = insert(root, area);
  }

  void remove(Area area) {
    root = remove(root, area);
    area.left = null;
    area.right = null;
    area.height = 1;
  }

  private static long fit(@Nullable Area at, long from, long to, Room room) {
    if (at == null || Iova.below(at.subtreeLast, from) || Iova.above(at.subtreeFirst, to)) {
      return room.lowest(from, to);
    }
    if (!wideEnough(at, from, to, room.length())) {
      return NONE;
    }
    if (Iova.above(at.iova, from)) {
      long start = fit(at.left, from, Iova.min(to, at.iova - 1), room);
      if (start != NONE) {
        return start;
      }
    }
    return Iova.below(at.last, to) ? fit(at.right, Iova.max(from, at.last + 1), to, room) : NONE;
  }

  private static boolean wideEnough(Area at, long from, long to, long length) {
    long before = Iova.above(at.subtreeFirst, from) ? at.subtreeFirst - from : 0;
    long behind = Iova.below(at.subtreeLast, to) ? to - at.subtreeLast : 0;
    long widest = Iova.max(at.widestGap, Iova.max(before, behind));
    return !Iova.below(widest, length);
  }

  private static Area insert(@Nullable Area at, Area area) {
    if (at == null) {
      update(area);
      return area;
    }
    if (Iova.below(area.iova, at.iova)) {
      at.left = insert(at.left, area);
    } else {
      at.right = insert(at.right, area);
    }
    return balance(at);
  }

  private static @Nullable Area remove(@Nullable Area at, Area area) {
    if (at == null) {
      return null;
    }
    if (at != area) {
      if (Iova.below(area.iova, at.iova)) {
        at.left = remove(at.left, area);
      } else {
        at.right = remove(at.right, area);
      }
      return balance(at);
    }
    Area right = at.right;
    if (right == null) {
      return at.left;
    }
    Area successor = right;
    while (successor.left != null) {
      successor = successor.left;
    }
    Area rest = remove(right, successor);
    successor.right = rest;
    successor.left = at.left;
    return balance(successor);
  }

  private static Area balance(Area at) {
    update(at);
    int lean = height(at.left) - height(at.right);
    Area left = at.left;
    Area right = at.right;
    if (lean > 1 && left != null) {
      Area inner = left.right;
      if (inner != null && height(left.left) < height(inner)) {
        at.left = rotateLeft(left, inner);
        left = inner;
      }
      return rotateRight(at, left);
    }
    if (lean < -1 && right != null) {
      Area inner = right.left;
      if (inner != null && height(right.right) < height(inner)) {
        at.right = rotateRight(right, inner);
        right = inner;
      }
      return rotateLeft(at, right);
    }
    return at;
  }

  private static Area rotateLeft(Area at, Area right) {
    at.right = right.left;
    right.left = at;
    update(at);
    update(right);
    return right;
  }

  private static Area rotateRight(Area at, Area left) {
    at.left = left.right;
    left.right = at;
    update(at);
    update(left);
    return left;
  }

  private static int height(@Nullable Area at) {
    return at == null ? 0 : at.height;
  }

  private static void update(Area at) {
    Area left = at.left;
    Area right = at.right;
    at.height = 1 + Math.max(height(left), height(right));
    at.subtreeFirst = left == null ? at.iova : left.subtreeFirst;
    at.subtreeLast = right == null ? at.last : right.subtreeLast;
    long gap = 0;
    if (left != null) {
      gap = Iova.max(left.widestGap, at.iova - left.subtreeLast - 1);
    }
    if (right != null) {
      gap = Iova.max(gap, Iova.max(right.widestGap, right.subtreeFirst - at.last - 1));
    }
    at.widestGap = gap;
  }
}
