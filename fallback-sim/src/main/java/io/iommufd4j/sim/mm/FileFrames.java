// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.mm;

import java.util.Collection;
import java.util.Map;
import java.util.WeakHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The machine addresses of the pages of files: each file has a range of its own above all other
 * memory, so that a page has one address whatever maps it.
 */
final class FileFrames {

  private static final long FIRST = 1L << 48;
  private static final int STRETCH_BITS = 40;

  private final Map<Object, Integer> stretches = new WeakHashMap<>();

  /** The address of the first byte of a file. */
  private synchronized long start(Object file) {
    return FIRST + ((long) stretches.computeIfAbsent(file, _ -> free()) << STRETCH_BITS);
  }

  private int free() {
    int stretch = 0;
    while (stretches.containsValue(stretch)) {
      stretch++;
    }
    return stretch;
  }

  /** The machine's address of a byte of a file. */
  long machineAddress(Object file, long offset) {
    return start(file) + offset;
  }

  /** True if an address is in the range for pages of files, even if no page is there. */
  static boolean covers(long machine) {
    return machine >= FIRST;
  }

  /** The address at which one of some mappings has the byte of a machine address; −1 for none. */
  long physicalAddress(long machine, Collection<Mapping> mappings) {
    for (Mapping mapping : mappings) {
      @Nullable Object file = mapping.file();
      if (file != null) {
        long at = machine - machineAddress(file, mapping.fileOffset());
        if (at >= 0 && at < mapping.end() - mapping.start()) {
          return mapping.start() + at;
        }
      }
    }
    return -1;
  }
}
