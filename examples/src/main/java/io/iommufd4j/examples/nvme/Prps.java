// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.examples.nvme;

import static io.iommufd4j.examples.nvme.LittleEndian.LONG;

import java.lang.foreign.MemorySegment;

/**
 * Physical region pages: the two fields of a command that name its memory, page by page. The second
 * is unused for one page, the second page for two, and a list in memory of all pages after the
 * first for more.
 */
final class Prps {

  private Prps() {}

  /** Bytes of the list of that many pages. */
  static int listBytes(int pages) {
    return pages <= 2 ? 0 : (pages - 1) * Long.BYTES;
  }

  /** Fills the list of a buffer that begins on a page, as long as its longest transfer needs. */
  static void fillList(MemorySegment list, long buffer, int pages) {
    for (int page = 1; page < pages; page++) {
      list.set(LONG, (page - 1L) * Long.BYTES, buffer + (long) page * DmaMemory.PAGE);
    }
  }

  /** The second field for the first pages of a buffer whose list lies at {@code list}. */
  static long second(long buffer, long list, int pages) {
    return switch (pages) {
      case 1 -> 0;
      case 2 -> buffer + DmaMemory.PAGE;
      default -> list;
    };
  }
}
