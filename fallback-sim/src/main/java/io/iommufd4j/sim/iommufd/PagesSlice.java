package io.iommufd4j.sim.iommufd;

import org.jspecify.annotations.Nullable;

/**
 * A slice of pages on its way into an IOAS ({@code struct iopt_pages_list}). It holds a reference
 * to the pages until an area takes that over.
 */
final class PagesSlice {

  final Pages pages;

  /** Where in the pages it starts, in bytes. */
  final long startByte;

  /** Bytes. */
  final long length;

  /** The slice behind it in the same mapping; null for the last. */
  @Nullable PagesSlice next;

  /** The area it was given; null before and where that failed. */
  @Nullable Area area;

  PagesSlice(Pages pages, long startByte, long length) {
    this.pages = pages;
    this.startByte = startByte;
    this.length = length;
  }

  /** Gives back the references of a slice and of all behind it. */
  static void putAll(@Nullable PagesSlice first) {
    for (PagesSlice slice = first; slice != null; slice = slice.next) {
      slice.pages.put();
    }
  }

  /** The area it was given. */
  Area area() {
    Area given = area;
    if (given == null) {
      throw new IllegalStateException("a slice has no area before it is in its place");
    }
    return given;
  }

  /** Its start: a user address, or an offset in a file. */
  long start() {
    return pages.start() + startByte;
  }
}
