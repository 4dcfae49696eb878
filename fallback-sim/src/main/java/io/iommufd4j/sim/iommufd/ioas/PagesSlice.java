// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd.ioas;

import io.iommufd4j.sim.fs.OpenFiles;
import io.iommufd4j.sim.lib.Refused;
import org.jspecify.annotations.Nullable;

/**
 * A slice of pages on its way into an IOAS ({@code struct iopt_pages_list}). It holds a reference
 * to the pages until an area takes that over.
 */
public final class PagesSlice {

  final Pages pages;

  /** The offset in the pages at which it starts, in bytes. */
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

  /**
   * User memory that is to be mapped.
   *
   * @throws Refused as {@link UserPages#of}
   */
  public static PagesSlice ofUser(PagesOwner owner, long address, long length, boolean writable) {
    Pages pages = UserPages.of(owner, address, length, writable);
    return new PagesSlice(pages, address - pages.start(), length);
  }

  /**
   * A piece of a file that is to be mapped.
   *
   * @param files where the descriptor is looked up
   * @throws Refused as {@link FilePages#of}
   */
  public static PagesSlice ofFile(
      PagesOwner owner, OpenFiles files, int fd, long start, long length, boolean writable) {
    Pages pages = FilePages.of(owner, files, fd, start, length, writable);
    return new PagesSlice(pages, start - pages.start(), length);
  }

  /** Gives back the references of a slice and of all behind it. */
  public static void putAll(@Nullable PagesSlice first) {
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
