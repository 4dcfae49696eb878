// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommu;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import java.util.BitSet;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;

/**
 * An IO page table. Kept as runs of pages that are contiguous on both sides; walkers read it
 * without a lock, as hardware does. Writers are serialised by their owner.
 *
 * <p>What the run's leaves are follows from where it lies: each is as large as its alignment on
 * both sides and the ends of the run allow ({@code pt_compute_best_pgsize}). Hardware notes a write
 * in the leaf, and a leaf is unmapped whole.
 */
public final class PageTable {

  /** Pages contiguous in IOVA and in memory, and which leaves DMA wrote while that is tracked. */
  private static final class Run {
    final long iova;
    final long last;
    final long physical;
    final int protection;

    /** A bit for each size that a leaf here may have. */
    final long leafSizes;

    /** By the number of smallest pages before the leaf; null while none is. Guarded by the run. */
    @Nullable BitSet dirty;

    Run(
        long iova,
        long last,
        long physical,
        int protection,
        long leafSizes,
        @Nullable BitSet dirty) {
      this.iova = iova;
      this.last = last;
      this.physical = physical;
      this.protection = protection;
      this.leafSizes = leafSizes;
      this.dirty = dirty;
    }

    /** Bytes in the leaf that holds an IOVA. */
    long leafBytes(long at) {
      long sizes = leafSizes;
      while (true) {
        long size = Long.highestOneBit(sizes);
        long start = at & -size;
        boolean fits =
            Long.compareUnsigned(start, iova) >= 0
                && Long.compareUnsigned(start + (size - 1), last) <= 0;
        if (fits || size == Long.lowestOneBit(sizes)) {
          return size;
        }
        sizes ^= size;
      }
    }
  }

  private final long apertureFirst;
  private final long apertureLast;
  private final long pageSizes;
  private final ConcurrentSkipListMap<Long, Run> runs =
      new ConcurrentSkipListMap<>(Long::compareUnsigned);
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
    return runs.isEmpty();
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
    Map.Entry<Long, Run> before = runs.floorEntry(last);
    if (before != null && Long.compareUnsigned(before.getValue().last, iova) >= 0) {
      throw Refused.with(Errno.EADDRINUSE);
    }
    long misfit = Long.lowestOneBit(iova ^ physical);
    long sizes = misfit == 0 ? pageSizes : pageSizes & ((misfit << 1) - 1);
    sizes &= largest | (largest - 1);
    runs.put(iova, new Run(iova, last, physical, protection, sizes, null));
  }

  /**
   * {@code unmap_range}: whole leaves. It stops where nothing is mapped and where it would start
   * within a leaf; the last leaf goes whole even where it reaches past the end.
   *
   * @return bytes unmapped
   */
  long unmap(long iova, long bytes) {
    long last = iova + bytes - 1;
    long next = iova;
    while (Long.compareUnsigned(next, last) <= 0) {
      Run run = covering(next);
      if (run == null || (next & (run.leafBytes(next) - 1)) != 0) {
        break;
      }
      long end = run.last;
      if (Long.compareUnsigned(last, end) < 0) {
        end = last | (run.leafBytes(last) - 1);
      }
      cut(run, next, end);
      next = end + 1;
      if (next == 0) {
        break;
      }
    }
    return next - iova;
  }

  long translate(long iova, boolean write) {
    Run run = covering(iova);
    if (run == null || (run.protection & (write ? PagingDomain.WRITE : PagingDomain.READ)) == 0) {
      return IommuDomain.FAULT;
    }
    if (write && tracking) {
      markDirty(run, iova);
    }
    return run.physical + (iova - run.iova);
  }

  /**
   * {@code iova_to_phys}: the physical address behind an IOVA, whatever may be done there; {@link
   * IommuDomain#FAULT} where nothing is mapped.
   */
  public long physical(long iova) {
    Run run = covering(iova);
    return run == null ? IommuDomain.FAULT : run.physical + (iova - run.iova);
  }

  /** {@code set_dirty}: notes a write as hardware does; none where nothing is mapped. */
  public void markDirty(long iova) {
    Run run = covering(iova);
    if (run != null) {
      markDirty(run, iova);
    }
  }

  private void markDirty(Run run, long iova) {
    int leaf = index(run, iova & -run.leafBytes(iova));
    synchronized (run) {
      if (run.dirty == null) {
        run.dirty = new BitSet();
      }
      run.dirty.set(leaf);
    }
  }

  long contiguous(long iova) {
    Run run = covering(iova);
    return run == null ? 0 : run.last - iova + 1;
  }

  void setDirtyTracking(boolean on) {
    if (on && !tracking) {
      for (Run run : runs.values()) {
        synchronized (run) {
          run.dirty = null;
        }
      }
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
    Run first = covering(iova);
    long from = first == null ? iova : first.iova;
    for (Run run : runs.subMap(from, true, last, true).values()) {
      synchronized (run) {
        BitSet dirty = run.dirty;
        if (dirty == null) {
          continue;
        }
        long start = Long.compareUnsigned(run.iova, iova) < 0 ? iova : run.iova;
        long end = Long.compareUnsigned(run.last, last) > 0 ? last : run.last;
        int to = index(run, end);
        int leaf = dirty.nextSetBit(index(run, start & -run.leafBytes(start)));
        while (leaf >= 0 && leaf <= to) {
          long at = run.iova + leaf * smallestPage();
          dirtied.dirty(at, run.leafBytes(at));
          if (!keep) {
            dirty.clear(leaf);
          }
          leaf = dirty.nextSetBit(leaf + 1);
        }
      }
    }
  }

  /** Takes the dirty leaves of {@link #readDirty}. */
  @FunctionalInterface
  public interface DirtyPages {
    /** One dirty leaf. */
    void dirty(long iova, long bytes);
  }

  private @Nullable Run covering(long iova) {
    Map.Entry<Long, Run> entry = runs.floorEntry(iova);
    if (entry == null || Long.compareUnsigned(entry.getValue().last, iova) < 0) {
      return null;
    }
    return entry.getValue();
  }

  private void cut(Run run, long first, long last) {
    if (last != run.last) {
      runs.put(last + 1, part(run, last + 1, run.last));
    }
    if (first == run.iova) {
      runs.remove(first);
    } else {
      runs.put(run.iova, part(run, run.iova, first - 1));
    }
  }

  /** Part of a run, with the dirty bits of its leaves. */
  private Run part(Run run, long first, long last) {
    BitSet dirty;
    synchronized (run) {
      BitSet all = run.dirty;
      dirty = all == null ? null : all.get(index(run, first), index(run, last) + 1);
    }
    long physical = run.physical + (first - run.iova);
    return new Run(first, last, physical, run.protection, run.leafSizes, dirty);
  }

  /** The number of smallest pages of a run that lie before an IOVA. */
  private int index(Run run, long iova) {
    return (int) Math.min(Integer.MAX_VALUE - 1, (iova - run.iova) / smallestPage());
  }
}
