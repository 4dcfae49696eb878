// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommu;

import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * A table of one level of a {@link PageTable}: for each slot a leaf, a table of the level below, or
 * nothing. A leaf larger than a slot fills as many as it needs, all alike but for the dirty bit,
 * which is in the first. Read without a lock; writers are serialised by the page table's owner.
 */
final class TableNode {

  /** The bits of an IOVA that a level resolves. */
  static final int BITS = 6;

  private static final int SLOTS = 1 << BITS;

  /** The slot of nothing. */
  static final long NONE = 0;

  // A leaf's word, below the physical address that it starts at.
  private static final long DIRTY = 1 << 2;
  private static final int SIZE_SHIFT = 3;
  private static final long SIZE_MASK = 63L << SIZE_SHIFT;

  /** The bits of a leaf's word that hold no part of its physical address. */
  static final long LOW_BITS = (1L << (SIZE_SHIFT + 6)) - 1;

  /** The number of low bits of an IOVA that lie within one slot. */
  final int shift;

  private final AtomicLongArray leaves = new AtomicLongArray(SLOTS);
  private final @Nullable AtomicReferenceArray<@Nullable TableNode> tables;

  /** The number of slots that hold something. Only writers know it. */
  int used;

  /**
   * An empty table.
   *
   * @param shift the number of low bits of an IOVA that lie within one slot
   * @param lowest whether there is no level below
   */
  TableNode(int shift, boolean lowest) {
    this.shift = shift;
    this.tables = lowest ? null : new AtomicReferenceArray<>(SLOTS);
  }

  /** The word of a leaf. */
  static long leaf(long physical, int sizeBits, int protection) {
    return physical | ((long) sizeBits << SIZE_SHIFT) | protection;
  }

  /** Bytes in a leaf. */
  static long bytes(long leaf) {
    return 1L << ((leaf & SIZE_MASK) >>> SIZE_SHIFT);
  }

  /** The physical address behind an IOVA in a leaf. */
  static long physical(long leaf, long iova) {
    return (leaf & ~LOW_BITS) + (iova & (bytes(leaf) - 1));
  }

  /** {@link PagingDomain#READ} and {@link PagingDomain#WRITE}, as a leaf allows them. */
  static boolean allows(long leaf, int protection) {
    return (leaf & protection) != 0;
  }

  private int slot(long iova) {
    return (int) (iova >>> shift) & (SLOTS - 1);
  }

  /** The leaf that is in the slot of an IOVA; {@link #NONE} when it has none. */
  long leafAt(long iova) {
    return leaves.get(slot(iova));
  }

  /** The table below in the slot of an IOVA; null when it has none. */
  @Nullable TableNode tableAt(long iova) {
    return tables == null ? null : tables.get(slot(iova));
  }

  /** Puts a leaf into all the slots that it fills. */
  void put(long iova, long leaf) {
    int first = slot(iova);
    int slots = slots(leaf);
    for (int slot = first; slot < first + slots; slot++) {
      leaves.setRelease(slot, leaf);
    }
    used += slots;
  }

  /** Takes a leaf out of all the slots that it fills. */
  void clear(long iova, long leaf) {
    int first = slot(iova);
    int slots = slots(leaf);
    for (int slot = first; slot < first + slots; slot++) {
      leaves.setRelease(slot, NONE);
    }
    used -= slots;
  }

  private int slots(long leaf) {
    return (int) (bytes(leaf) >>> shift);
  }

  /** Puts a table into the slot of an IOVA. */
  void put(long iova, TableNode table) {
    if (tables != null) {
      tables.set(slot(iova), table);
      used++;
    }
  }

  /** Lets go of the tables below that hold nothing, at any depth. */
  void prune() {
    if (tables == null) {
      return;
    }
    for (int slot = 0; slot < SLOTS; slot++) {
      TableNode table = tables.get(slot);
      if (table != null) {
        table.prune();
        if (table.used == 0) {
          tables.set(slot, null);
          used--;
        }
      }
    }
  }

  /** The number of tables from this one down. */
  int tables() {
    int count = 1;
    for (int slot = 0; tables != null && slot < SLOTS; slot++) {
      TableNode table = tables.get(slot);
      count += table == null ? 0 : table.tables();
    }
    return count;
  }

  /** Notes a write to the leaf that starts at an IOVA, unless it is gone by now. */
  void markDirty(long iova, long leaf) {
    change(slot(iova), leaf, DIRTY);
  }

  /** Forgets the writes to the leaf that starts at an IOVA; true if there were any. */
  boolean clearDirty(long iova) {
    int slot = slot(iova);
    long now = leaves.get(slot);
    return (now & DIRTY) != 0 && change(slot, now, 0);
  }

  /** True if the leaf that starts at an IOVA was written to. */
  boolean dirty(long iova) {
    return (leafAt(iova) & DIRTY) != 0;
  }

  private boolean change(int slot, long leaf, long dirty) {
    while (true) {
      long now = leaves.get(slot);
      if ((now & ~DIRTY) != (leaf & ~DIRTY)) {
        return false;
      }
      if (leaves.compareAndSet(slot, now, (now & ~DIRTY) | dirty)) {
        return true;
      }
    }
  }
}
