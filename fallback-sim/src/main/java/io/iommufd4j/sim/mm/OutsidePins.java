// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.mm;

import io.iommufd4j.sim.mm.OutsideMemory.SharedPages;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Pages that are pinned outside of this JVM: of processes, and of files by themselves. */
public final class OutsidePins implements ProcessMemory.Beyond {

  /** The process or file that has a stretch. */
  interface Owner {
    /** The page at an address, by what makes it the same one wherever it is seen. */
    PageId page(long at);

    /** A device reads or writes: true when all bytes were moved. */
    boolean transfer(long at, MemorySegment segment, boolean write);
  }

  /**
   * One page.
   *
   * @param owner the file or the process that it is of
   * @param number within that
   */
  record PageId(Object owner, long number) {}

  /**
   * The physical addresses of memory that is not this process': each process and each file has a
   * stretch of its own, in which a page lies at its user address, or at its offset.
   */
  static final class Frames {

    private static final int STRETCH_BITS = 48;

    /** Below it are the addresses of this process, its files and registers. */
    private static final int FIRST = (int) (ProcessMemory.BEYOND >>> STRETCH_BITS);

    private static final int MOST = (1 << (Long.SIZE - 1 - STRETCH_BITS)) - FIRST;

    private final List<@Nullable Owner> owners = new ArrayList<>();

    /** Gives a stretch, the first that is free. */
    synchronized int add(Owner owner) {
      int free = owners.indexOf(null);
      if (free >= 0) {
        owners.set(free, owner);
        return free;
      }
      if (owners.size() == MOST) {
        throw new IllegalStateException("more than " + MOST + " processes and files are pinned");
      }
      owners.add(owner);
      return owners.size() - 1;
    }

    /** Takes a stretch back. */
    synchronized void remove(int stretch) {
      owners.set(stretch, null);
    }

    /** The physical address of a byte of a stretch. */
    static long physical(int stretch, long at) {
      return ((long) (FIRST + stretch) << STRETCH_BITS) + at;
    }

    /** The place of an address in its stretch. */
    static long within(long physical) {
      return physical & ((1L << STRETCH_BITS) - 1);
    }

    /** The owner of the stretch of an address; null for none. */
    synchronized @Nullable Owner at(long physical) {
      long index = (physical >>> STRETCH_BITS) - FIRST;
      return index >= 0 && index < owners.size() ? owners.get((int) index) : null;
    }
  }

  private final Frames frames = new Frames();
  private final Map<Object, PinCounts> counts = new HashMap<>();
  private final Map<SharedPages, FilePins> files = new HashMap<>();

  /** Pages of a file that are pinned by their offsets. */
  private static final class FilePins {
    final int stretch;
    long pages;

    FilePins(int stretch) {
      this.stretch = stretch;
    }
  }

  /** Nothing is pinned. */
  public OutsidePins() {}

  Frames frames() {
    return frames;
  }

  synchronized void count(Object owner, long first, long pages, int change) {
    PinCounts all = counts.computeIfAbsent(owner, _ -> new PinCounts());
    all.add(first, pages, change);
    if (all.isEmpty()) {
      counts.remove(owner);
    }
  }

  synchronized int count(PageId page) {
    PinCounts all = counts.get(page.owner());
    return all == null ? 0 : all.of(page.number());
  }

  /** The page at a physical address; null where there is none outside. */
  @Nullable PageId page(long physical) {
    Owner owner = frames.at(physical);
    return owner == null ? null : owner.page(Frames.within(physical));
  }

  @Override
  public boolean transfer(long physical, MemorySegment segment, boolean write) {
    Owner owner = frames.at(physical);
    return owner != null && owner.transfer(Frames.within(physical), segment, write);
  }

  /**
   * {@code memfd_pin_folios} of a host's file.
   *
   * @param offset in bytes, a multiple of the page size
   * @return the physical address of the first page; the others follow it without a gap
   */
  public synchronized long pin(SharedPages file, long offset, long pages) {
    FilePins its =
        files.computeIfAbsent(
            file,
            _ -> {
              file.hold();
              return new FilePins(frames.add(owner(file)));
            });
    its.pages += pages;
    count(file, offset / UserMemory.PAGE_SIZE, pages, 1);
    return Frames.physical(its.stretch, offset);
  }

  private static Owner owner(SharedPages file) {
    return new Owner() {
      @Override
      public PageId page(long at) {
        return new PageId(file, at / UserMemory.PAGE_SIZE);
      }

      @Override
      public boolean transfer(long at, MemorySegment segment, boolean write) {
        return write ? file.write(at, segment) : file.read(at, segment);
      }
    };
  }

  /** Undoes {@link #pin(SharedPages, long, long)}, all of it or a part. */
  public synchronized void unpin(SharedPages file, long physical, long pages) {
    FilePins its = files.get(file);
    if (its == null) {
      return;
    }
    count(file, Frames.within(physical) / UserMemory.PAGE_SIZE, pages, -1);
    its.pages -= pages;
    if (its.pages == 0) {
      files.remove(file);
      frames.remove(its.stretch);
      file.drop();
    }
  }
}
