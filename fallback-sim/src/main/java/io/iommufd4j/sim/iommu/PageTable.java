// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommu;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import org.jspecify.annotations.Nullable;

/**
 * An IO page table: a radix tree, like those of hardware. Walkers read it without a lock, as
 * hardware does. Writers are serialised by their owner.
 *
 * <p>A leaf is as large as its alignment on both sides and the ends of the range allow ({@code
 * pt_compute_best_pgsize}). Hardware notes a write in the leaf, and a leaf is unmapped whole.
 */
public final class PageTable {

  /** So many tables may hold nothing before they are looked for. */
  private static final int MOST_EMPTY = 64;

  private final long apertureFirst;
  private final long apertureLast;
  private final long pageSizes;
  private final TableNode root;

  /** Of the lowest level. */
  private final int lowestShift;

  // Only writers know these.
  private long leaves;
  private int emptied;

  /**
   * The table of the lowest level that was written last, below no larger leaf: whoever maps and
   * unmaps near by need not walk to it. It resolves the IOVAs from {@link #nearFirst} on.
   */
  private @Nullable TableNode near;

  private long nearFirst;

  private volatile boolean tracking;

  /**
   * An empty table.
   *
   * @param apertureFirst first IOVA that can be translated
   * @param apertureLast inclusive last one
   * @param pageSizes a bit for each page size, as {@code pgsize_bitmap}
   */
  public PageTable(long apertureFirst, long apertureLast, long pageSizes) {
    this.apertureFirst = apertureFirst;
    this.apertureLast = apertureLast;
    this.pageSizes = pageSizes;
    this.lowestShift = Long.numberOfTrailingZeros(pageSizes);
    int shift = lowestShift;
    while (shift + TableNode.BITS < Long.SIZE - Long.numberOfLeadingZeros(apertureLast)) {
      shift += TableNode.BITS;
    }
    this.root = new TableNode(shift, shift == lowestShift);
  }

  /** First IOVA that can be translated. */
  public long apertureFirst() {
    return apertureFirst;
  }

  /** Inclusive last IOVA that can be translated. */
  public long apertureLast() {
    return apertureLast;
  }

  /** A bit for each page size. */
  public long pageSizes() {
    return pageSizes;
  }

  /** Bytes in the smallest page. */
  public long smallestPage() {
    return Long.lowestOneBit(pageSizes);
  }

  /** True if nothing is mapped. */
  public boolean isEmpty() {
    return leaves == 0;
  }

  /**
   * {@code map_range}.
   *
   * @param largest bytes that no leaf exceeds, a power of two; all bits for no limit
   */
  void map(long iova, long physical, long bytes, int protection, long largest) {
    long last = iova + bytes - 1;
    if (bytes <= 0 || ((iova | physical | bytes) & (smallestPage() - 1)) != 0) {
      throw Refused.with(Errno.EINVAL);
    }
    if (Long.compareUnsigned(last, iova) < 0
        || Long.compareUnsigned(iova, apertureFirst) < 0
        || Long.compareUnsigned(last, apertureLast) > 0) {
      throw Refused.with(Errno.ERANGE);
    }
    TableNode within = near(iova, last);
    if (anyLeaf(within == null ? root : within, iova, last)) {
      throw Refused.with(Errno.EADDRINUSE);
    }
    pruneIfManyAreEmpty();
    long sizes = pageSizes & (largest | (largest - 1));
    for (long done = 0; done < bytes; ) {
      int sizeBits = sizeBits(sizes, (iova + done) | (physical + done), bytes - done);
      put(iova + done, TableNode.leaf(physical + done, sizeBits, protection));
      done += 1L << sizeBits;
    }
  }

  /** The largest size of some that is aligned like addresses and fits into what is left. */
  private static int sizeBits(long sizes, long addresses, long bytes) {
    long fitting = sizes & ((Long.highestOneBit(bytes) << 1) - 1);
    if (addresses != 0) {
      fitting &= (Long.lowestOneBit(addresses) << 1) - 1;
    }
    return Long.SIZE - 1 - Long.numberOfLeadingZeros(fitting);
  }

  /** The table that was written last, if all of a range is in it. */
  private @Nullable TableNode near(long first, long last) {
    return near != null && ((first ^ nearFirst) | (last ^ nearFirst)) >>> nearShift() == 0
        ? near
        : null;
  }

  /** The number of low bits of an IOVA that a table of the lowest level resolves. */
  private int nearShift() {
    return lowestShift + TableNode.BITS;
  }

  private void wrote(TableNode node, long iova) {
    near = node.shift == lowestShift ? node : null;
    nearFirst = iova & -(1L << nearShift());
  }

  private void put(long iova, long leaf) {
    TableNode within = near(iova, iova + TableNode.bytes(leaf) - 1);
    TableNode node = within == null ? root : within;
    while (Long.compareUnsigned(TableNode.bytes(leaf), 1L << node.shift) < 0) {
      TableNode below = node.tableAt(iova);
      if (below == null) {
        int shift = node.shift - TableNode.BITS;
        below = new TableNode(shift, shift == lowestShift);
        node.put(iova, below);
      }
      node = below;
    }
    node.put(iova, leaf);
    wrote(node, iova);
    leaves++;
  }

  private static boolean anyLeaf(TableNode node, long first, long last) {
    long span = 1L << node.shift;
    for (long at = first; ; at = (at & -span) + span) {
      TableNode below = node.tableAt(at);
      long end = at | (span - 1);
      boolean reaches = Long.compareUnsigned(end, last) >= 0;
      if (node.leafAt(at) != TableNode.NONE
          || (below != null && anyLeaf(below, at, reaches ? last : end))) {
        return true;
      }
      if (reaches) {
        return false;
      }
    }
  }

  /**
   * {@code unmap_range}: whole leaves. It stops where nothing is mapped and where it would start
   * within a leaf; the last leaf goes whole even where it reaches past the end.
   *
   * @return bytes unmapped
   */
  long unmap(long iova, long bytes) {
    long done = 0;
    while (Long.compareUnsigned(done, bytes) < 0) {
      long at = iova + done;
      TableNode within = near(at, at);
      TableNode node = within == null ? covering(at) : within;
      long leaf = node == null ? TableNode.NONE : node.leafAt(at);
      if (node == null || leaf == TableNode.NONE || (at & (TableNode.bytes(leaf) - 1)) != 0) {
        break;
      }
      node.clear(at, leaf);
      wrote(node, at);
      leaves--;
      emptied += node.used == 0 ? 1 : 0;
      done += TableNode.bytes(leaf);
    }
    return done;
  }

  /** The number of tables that it is made of. */
  int tables() {
    return root.tables();
  }

  /** A table that holds nothing stays for who maps there again, until there are many. */
  private void pruneIfManyAreEmpty() {
    if (emptied > MOST_EMPTY) {
      emptied = 0;
      near = null;
      root.prune();
    }
  }

  long translate(long iova, boolean write) {
    TableNode node = covering(iova);
    long leaf = node == null ? TableNode.NONE : node.leafAt(iova);
    if (node == null || !TableNode.allows(leaf, write ? PagingDomain.WRITE : PagingDomain.READ)) {
      return IommuDomain.FAULT;
    }
    if (write && tracking) {
      node.markDirty(iova & -TableNode.bytes(leaf), leaf);
    }
    return TableNode.physical(leaf, iova);
  }

  /**
   * {@code iova_to_phys}: the physical address behind an IOVA, whatever may be done there; {@link
   * IommuDomain#FAULT} where nothing is mapped.
   */
  public long physical(long iova) {
    long leaf = leaf(iova);
    return leaf == TableNode.NONE ? IommuDomain.FAULT : TableNode.physical(leaf, iova);
  }

  /** {@code set_dirty}: notes a write as hardware does; none where nothing is mapped. */
  public void markDirty(long iova) {
    TableNode node = covering(iova);
    long leaf = node == null ? TableNode.NONE : node.leafAt(iova);
    if (node != null && leaf != TableNode.NONE) {
      node.markDirty(iova & -TableNode.bytes(leaf), leaf);
    }
  }

  /** Bytes from an IOVA to the end of its leaf; 0 where nothing is mapped. */
  long contiguous(long iova) {
    long leaf = leaf(iova);
    return leaf == TableNode.NONE
        ? 0
        : TableNode.bytes(leaf) - (iova & (TableNode.bytes(leaf) - 1));
  }

  void setDirtyTracking(boolean on) {
    if (on && !tracking) {
      readDirty(apertureFirst, apertureLast, false, (iova, bytes) -> {});
    }
    tracking = on;
  }

  /**
   * Reports which leaves that lie in a range, if only in part, DMA wrote, and forgets it ({@code
   * read_and_clear_dirty}).
   *
   * @param keep whether the dirty bits stay as they are
   * @param dirtied called with the IOVA and the size in bytes of each dirty leaf
   */
  public void readDirty(long iova, long last, boolean keep, DirtyPages dirtied) {
    readDirty(root, iova, last, keep, dirtied);
  }

  private static void readDirty(
      TableNode node, long first, long last, boolean keep, DirtyPages dirtied) {
    long span = 1L << node.shift;
    for (long at = first; ; ) {
      long end = at | (span - 1);
      long leaf = node.leafAt(at);
      TableNode below = node.tableAt(at);
      if (leaf != TableNode.NONE) {
        long start = at & -TableNode.bytes(leaf);
        end = start + TableNode.bytes(leaf) - 1;
        if (keep ? node.dirty(start) : node.clearDirty(start)) {
          dirtied.dirty(start, TableNode.bytes(leaf));
        }
      } else if (below != null) {
        readDirty(below, at, Long.compareUnsigned(end, last) < 0 ? end : last, keep, dirtied);
      }
      if (Long.compareUnsigned(end, last) >= 0) {
        return;
      }
      at = end + 1;
    }
  }

  /** Takes the dirty leaves of {@link #readDirty}. */
  @FunctionalInterface
  public interface DirtyPages {
    /** One dirty leaf. */
    void dirty(long iova, long bytes);
  }

  private long leaf(long iova) {
    TableNode node = covering(iova);
    return node == null ? TableNode.NONE : node.leafAt(iova);
  }

  /** The table that has the leaf of an IOVA; null when there is none. */
  private @Nullable TableNode covering(long iova) {
    if (Long.compareUnsigned(iova, apertureLast) > 0) {
      return null;
    }
    TableNode node = root;
    while (node != null && node.leafAt(iova) == TableNode.NONE) {
      node = node.tableAt(iova);
    }
    return node;
  }
}
