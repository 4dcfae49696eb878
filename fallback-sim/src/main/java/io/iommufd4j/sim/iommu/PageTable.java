package io.iommufd4j.sim.iommu;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.UserMemory;
import java.util.BitSet;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;

/**
 * An IO page table. Kept as runs of pages that are contiguous on both sides; walkers read it
 * without a lock, as hardware does. Writers are serialised by their owner.
 */
public final class PageTable {

  /** Pages contiguous in IOVA and in memory, and which of them DMA wrote while that is tracked. */
  private static final class Run {
    final long iova;
    final long last;
    final long physical;
    final int protection;
    final BitSet dirty;

    Run(long iova, long last, long physical, int protection, BitSet dirty) {
      this.iova = iova;
      this.last = last;
      this.physical = physical;
      this.protection = protection;
      this.dirty = dirty;
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

  /** Whether nothing is mapped. */
  public boolean isEmpty() {
    return runs.isEmpty();
  }

  void map(long iova, long physical, long bytes, int protection) {
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
    runs.put(iova, new Run(iova, last, physical, protection, new BitSet()));
  }

  long unmap(long iova, long bytes) {
    long last = iova + bytes - 1;
    long next = iova;
    while (Long.compareUnsigned(next, last) <= 0) {
      Run run = covering(next);
      if (run == null) {
        break;
      }
      long end = Long.compareUnsigned(run.last, last) < 0 ? run.last : last;
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
      synchronized (run.dirty) {
        run.dirty.set(page(run, iova));
      }
    }
    return run.physical + (iova - run.iova);
  }

  long contiguous(long iova) {
    Run run = covering(iova);
    return run == null ? 0 : run.last - iova + 1;
  }

  void setDirtyTracking(boolean on) {
    if (on && !tracking) {
      for (Run run : runs.values()) {
        synchronized (run.dirty) {
          run.dirty.clear();
        }
      }
    }
    tracking = on;
  }

  /**
   * Reports which pages of a range DMA wrote, and forgets it.
   *
   * @param keep whether the dirty bits stay as they are
   * @param dirtied called with the IOVA and the size in bytes of each dirty page
   */
  public void readDirty(long iova, long last, boolean keep, DirtyPages dirtied) {
    Run first = covering(iova);
    long from = first == null ? iova : first.iova;
    for (Run run : runs.subMap(from, true, last, true).values()) {
      BitSet dirty = run.dirty;
      long start = Long.compareUnsigned(run.iova, iova) < 0 ? iova : run.iova;
      long end = Long.compareUnsigned(run.last, last) > 0 ? last : run.last;
      synchronized (dirty) {
        int to = page(run, end);
        for (int p = dirty.nextSetBit(page(run, start)); p >= 0 && p <= to; ) {
          dirtied.dirty(run.iova + (long) p * UserMemory.PAGE_SIZE, UserMemory.PAGE_SIZE);
          if (!keep) {
            dirty.clear(p);
          }
          p = dirty.nextSetBit(p + 1);
        }
      }
    }
  }

  /** Takes the dirty pages of {@link #readDirty}. */
  @FunctionalInterface
  public interface DirtyPages {
    /** One dirty page. */
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

  /** Part of a run, with the dirty bits of its pages. */
  private static Run part(Run run, long first, long last) {
    BitSet dirty;
    synchronized (run.dirty) {
      dirty = run.dirty.get(page(run, first), page(run, last) + 1);
    }
    return new Run(first, last, run.physical + (first - run.iova), run.protection, dirty);
  }

  private static int page(Run run, long iova) {
    return (int) Math.min(Integer.MAX_VALUE - 1, (iova - run.iova) / UserMemory.PAGE_SIZE);
  }
}
