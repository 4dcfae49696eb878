// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.nesting;

import io.iommufd4j.conformance.UserPages;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A guest's own translation, written into its memory: a context descriptor and a table of 48 bits
 * and 4 KiB pages, of which one last level is used. The bits are those of the SMMUv3 and Armv8-A
 * specifications.
 */
public final class FirstStage {

  /** The first address it can translate. */
  public static final long WINDOW = 0x40_0000;

  /** Configuration of a stream table entry: the guest's table translates. */
  static final long TRANSLATES = 5 << 1;

  /** Configuration of a stream table entry: straight to the guest's memory. */
  public static final long BYPASS = 4 << 1;

  /** Configuration of a stream table entry: no access. */
  static final long ABORT = 0;

  /** A stream table entry that counts. */
  public static final long VALID = 1;

  private static final int CONTEXT_PAGE = 2;
  private static final int FIRST_TABLE_PAGE = 3;
  private static final int LAST_TABLE_PAGE = 6;

  private static final int LARGE_TABLE_PAGE = 8;

  private static final long UNUSED_BITS = 16;
  private static final long MOST_UNUSED_BITS = 39;
  private static final long LARGE_PAGES = 1 << 6;
  private static final long NO_UPPER_TABLE = 1L << 30;
  private static final long CONTEXT_VALID = 1L << 31;
  private static final long OUTPUT_40_BITS = 2L << 32;
  private static final long FORMAT_64 = 1L << 41;
  private static final long RECORD_FAULTS = 1L << 45;
  private static final long ABORT_FAULTS = 1L << 46;
  private static final long CONTEXT = NO_UPPER_TABLE | OUTPUT_40_BITS | FORMAT_64 | ABORT_FAULTS;

  private static final long TABLE_OR_PAGE = 3;
  private static final long NOT_A_BLOCK = 2;
  private static final long UNPRIVILEGED = 1 << 6;
  private static final long READ_ONLY = 1 << 7;
  private static final long INNER_SHAREABLE = 3 << 8;
  private static final long ACCESSED = 1 << 10;
  private static final long PAGE = TABLE_OR_PAGE | UNPRIVILEGED | INNER_SHAREABLE | ACCESSED;
  private static final long INDEX = (1 << 9) - 1;
  private static final int SMALLEST_SHIFT = 12;
  private static final int STRIDE = 9;
  private static final int LARGE_SHIFT = 16;
  private static final int BLOCK_SHIFT = SMALLEST_SHIFT + STRIDE;

  private final MemorySegment memory;

  /** Writes one that translates nothing yet. */
  FirstStage(Guest guest) {
    this(guest.pages().memory());
  }

  /** Writes one that translates nothing yet, into the guest's memory. */
  public FirstStage(MemorySegment memory) {
    this.memory = memory;
    for (int page = FIRST_TABLE_PAGE; page < LAST_TABLE_PAGE; page++) {
      int levelsBelow = LAST_TABLE_PAGE - page;
      long index = WINDOW >> (SMALLEST_SHIFT + levelsBelow * STRIDE) & INDEX;
      set(page, index, Guest.address(page + 1) | TABLE_OR_PAGE);
    }
    set(CONTEXT_PAGE, 1, Guest.address(FIRST_TABLE_PAGE));
    setContext(CONTEXT_VALID | RECORD_FAULTS);
  }

  /** The first word of the stream table entry that leads here. */
  public static long entry() {
    return VALID | TRANSLATES | Guest.address(CONTEXT_PAGE);
  }

  /** Maps pages of the window to addresses in the guest's memory, one after the other. */
  public FirstStage map(long... addresses) {
    for (int i = 0; i < addresses.length; i++) {
      set(LAST_TABLE_PAGE, i, addresses[i] | PAGE);
    }
    return this;
  }

  /** Maps the window to the first 2 MiB of the guest's addresses by one entry, a level higher. */
  void mapBlock() {
    set(LAST_TABLE_PAGE - 1, WINDOW >> BLOCK_SHIFT & INDEX, PAGE & ~NOT_A_BLOCK);
  }

  /**
   * Makes it one of fewer addresses and pages of 64 KiB, the first of which maps the window to the
   * start of the guest's memory.
   */
  void mapLargePage() {
    set(LARGE_TABLE_PAGE, WINDOW >> LARGE_SHIFT, Guest.MEMORY | PAGE);
    set(CONTEXT_PAGE, 1, Guest.address(LARGE_TABLE_PAGE));
    set(CONTEXT_PAGE, 0, MOST_UNUSED_BITS | LARGE_PAGES | CONTEXT | CONTEXT_VALID | RECORD_FAULTS);
  }

  /** Takes away the right to write. */
  void makeReadOnly(int page) {
    set(LAST_TABLE_PAGE, page, get(page) | READ_ONLY);
  }

  /** Says that it was never accessed. */
  void makeOld(int page) {
    set(LAST_TABLE_PAGE, page, get(page) & ~ACCESSED);
  }

  /** Makes the context invalid. */
  void breakContext() {
    setContext(RECORD_FAULTS);
  }

  /** Turns off the recording of faults. */
  void keepQuiet() {
    setContext(CONTEXT_VALID);
  }

  private void setContext(long more) {
    set(CONTEXT_PAGE, 0, UNUSED_BITS | CONTEXT | more);
  }

  /** The address of a page of the window for the device. */
  public static long address(int page) {
    return WINDOW + page * UserPages.PAGE;
  }

  private long get(int entry) {
    return memory.get(ValueLayout.JAVA_LONG, LAST_TABLE_PAGE * UserPages.PAGE + entry * 8L);
  }

  private void set(int page, long index, long value) {
    memory.set(ValueLayout.JAVA_LONG, page * UserPages.PAGE + index * Long.BYTES, value);
  }
}
