// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.mm;

import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Memory that {@code mmap} handed out ({@code struct vm_area_struct} and the pages behind). The
 * pages live until they are unmapped, unpinned and touched by nobody.
 */
final class Mapping {

  private final MemorySegment memory;
  private final long start;
  private final long end;
  private final Protection protection;
  private final Kind kind;
  private final @Nullable FilePages file;
  private final long registers;
  private final Consumer<Mapping> free;
  // The process' own reference, one for each copy under way, and one while pages are pinned.
  private final AtomicInteger holders = new AtomicInteger(1);
  private long pinnedPages;
  private volatile boolean mapped = true;
  // Pages that were unmapped while others of the mapping stay; their memory goes with the last.
  private final BitSet holes = new BitSet();
  private volatile boolean whole = true;

  /** The kind of memory that is mapped. */
  enum Kind {
    /** Pages of memory, which can be pinned. */
    PAGES,
    /** Huge pages: Linux does not count the pins of a single small page within one. */
    HUGE_PAGES,
    /** A device's registers ({@code VM_PFNMAP}): nothing to pin. */
    DEVICE
  }

  /**
   * Pages of a file.
   *
   * @param file whose they are
   * @param offset of the first, in bytes
   */
  record FilePages(Object file, long offset) {}

  /**
   * True if the mapping is of no file, or its file has all these bytes: there are no pages behind
   * the end of a file.
   */
  boolean backed(long address, long bytes) {
    if (file == null || !(file.file() instanceof EndingFile ending)) {
      return true;
    }
    long end = file.offset() + (address - start()) + bytes;
    return end <= ((ending.size() + UserMemory.PAGE_SIZE - 1) & -UserMemory.PAGE_SIZE);
  }

  Mapping(
      MemorySegment memory,
      Protection protection,
      Kind kind,
      @Nullable FilePages file,
      long registers,
      Consumer<Mapping> free) {
    this.memory = memory;
    this.start = memory.address();
    this.end = start + memory.byteSize();
    this.protection = protection;
    this.kind = kind;
    this.file = file;
    this.registers = registers;
    this.free = free;
  }

  MemorySegment memory() {
    return memory;
  }

  Protection protection() {
    return protection;
  }

  long start() {
    return start;
  }

  long end() {
    return end;
  }

  /** True if an address lies in it, and its memory is there. */
  boolean covers(long address) {
    return address >= start && address < end && holders.get() > 0;
  }

  boolean pinnable() {
    return kind != Kind.DEVICE;
  }

  /** The physical address of the register at an address; −1 where this is memory. */
  long registers(long address) {
    return registers < 0 ? registers : registers + address - start();
  }

  boolean huge() {
    return kind == Kind.HUGE_PAGES;
  }

  /** The file that the pages are of and shared through; null for pages of the mapping's own. */
  @Nullable Object file() {
    return file == null ? null : file.file;
  }

  /** The offset of the first page in its file, in bytes; 0 for pages of the mapping's own. */
  long fileOffset() {
    return file == null ? 0 : file.offset;
  }

  /** The page at an address: its number in the file, or in the address space. */
  long page(long address) {
    long at = file == null ? address : file.offset + (address - start());
    return at / UserMemory.PAGE_SIZE;
  }

  /** True if the process still has any of it mapped. */
  boolean mapped() {
    return mapped;
  }

  /** True if the process still has all of a range mapped; the range lies within the mapping. */
  boolean mapped(long address, long bytes) {
    return mapped && (whole || withoutHole(address, bytes));
  }

  private synchronized boolean withoutHole(long address, long bytes) {
    int hole = holes.nextSetBit(pageWithin(address));
    return hole < 0 || hole > pageWithin(address + Math.max(bytes, 1) - 1);
  }

  private int pageWithin(long address) {
    return (int) ((address - start()) / UserMemory.PAGE_SIZE);
  }

  /** Keeps the memory; false when it is gone already. */
  boolean hold() {
    int now = holders.get();
    while (now > 0) {
      if (holders.compareAndSet(now, now + 1)) {
        return true;
      }
      now = holders.get();
    }
    return false;
  }

  /** Undoes {@link #hold}. */
  void drop() {
    if (holders.decrementAndGet() == 0) {
      free.accept(this);
    }
  }

  /** Ends the process' own reference. */
  void unmap() {
    mapped = false;
    drop();
  }

  /** Unmaps whole pages from one address to another, and all when none is left then. */
  void unmap(long from, long to) {
    boolean none;
    synchronized (this) {
      whole = false;
      holes.set(pageWithin(Math.max(from, start())), pageWithin(Math.min(to, end())));
      none = holes.cardinality() == pageWithin(end());
    }
    if (none) {
      unmap();
    }
  }

  /** Keeps the memory for pinned pages; false when it is gone already. */
  synchronized boolean pin(long pages) {
    if (pinnedPages == 0 && !hold()) {
      return false;
    }
    pinnedPages += pages;
    return true;
  }

  /** Undoes {@link #pin}. */
  synchronized void unpin(long pages) {
    long before = pinnedPages;
    // What was pinned here before this mapping came, and is unpinned after, is not counted here.
    pinnedPages = Math.max(0, before - pages);
    if (before > 0 && pinnedPages == 0) {
      drop();
    }
  }
}
