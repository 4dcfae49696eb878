// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.differential.program;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The user memory of programs on one kernel. From its lowest address: the block of requests, a gap
 * in which no access is allowed, data, read-only data, and a gap again; so that an access past an
 * end fails in the same way everywhere. Memory that programs map themselves follows as further
 * regions.
 */
public final class UserRegions implements AutoCloseable {

  /** Region of {@link Value.Address}: memory to read and write. */
  public static final int DATA = 0;

  /** Region: memory to read, right behind {@link #DATA}. */
  public static final int READ_ONLY = 1;

  /** Region: the block. */
  static final int BLOCK = 2;

  /** Region: no access, right behind {@link #READ_ONLY}. */
  public static final int NOTHING = 3;

  /** The first region that a program may map. */
  public static final int FIRST_MAPPED = 4;

  /** Bytes of a page. */
  public static final long PAGE = 4096;

  public static final long DATA_BYTES = 64 * PAGE;
  public static final long READ_ONLY_BYTES = 8 * PAGE;

  private static final long BLOCK_BYTES = 2 * PAGE;
  private static final long GAP_BYTES = 256 * PAGE;
  private static final int ATTEMPTS = 64;

  /**
   * The kernel keeps an address's alignment when it chooses an IOVA, so that of the data is the
   * same on every kernel: this, and no more.
   */
  private static final long ALIGNMENT = 2L << 20;

  /** Gap, read-only data, data, gap and block. */
  private static final int REGIONS = 5;

  private record Part(long bytes, int protection) {}

  private final Kernel kernel;
  private final List<Part> parts;
  private final long[] mappings;
  private final long[] addresses;

  /** Maps them. Kernels fill their address space downwards, unless they find a gap to fill. */
  public UserRegions(Kernel kernel) {
    this.kernel = kernel;
    var failed = new ArrayList<Runnable>();
    var now = fromTheTop(0);
    long[] found = attempt(now);
    while (!adjacent(now, found) || misaligned(found) != 0) {
      if (failed.size() == ATTEMPTS) {
        throw new IllegalStateException("memory mapped in turn did not come to lie side by side");
      }
      var sizes = now;
      var mapped = found;
      now = fromTheTop(0);
      if (adjacent(sizes, mapped)) {
        // The same place again, but for what fillers on top move it down.
        now = fromTheTop(misaligned(mapped));
        unmap(sizes, mapped);
      } else {
        failed.add(() -> unmap(sizes, mapped));
      }
      found = attempt(now);
    }
    failed.forEach(Runnable::run);
    parts = now;
    addresses = Arrays.copyOfRange(found, found.length - REGIONS, found.length);
    mappings = found;
  }

  /**
   * The parts to map, from the top down. The host may place any part larger than a gap elsewhere.
   */
  private static List<Part> fromTheTop(long filler) {
    var sizes = new ArrayList<Part>();
    for (long left = filler; left > 0; left -= GAP_BYTES) {
      sizes.add(new Part(Math.min(left, GAP_BYTES), libc_h.PROT_NONE()));
    }
    sizes.add(new Part(GAP_BYTES, libc_h.PROT_NONE()));
    sizes.add(new Part(READ_ONLY_BYTES, libc_h.PROT_READ()));
    sizes.add(new Part(DATA_BYTES, libc_h.PROT_READ() | libc_h.PROT_WRITE()));
    sizes.add(new Part(GAP_BYTES, libc_h.PROT_NONE()));
    sizes.add(new Part(BLOCK_BYTES, libc_h.PROT_READ() | libc_h.PROT_WRITE()));
    return List.copyOf(sizes);
  }

  /** The number of bytes by which the data lies too high for its alignment. */
  private static long misaligned(long[] mapped) {
    return Math.floorMod(mapped[mapped.length - REGIONS + 2] - ALIGNMENT, 2 * ALIGNMENT);
  }

  private long[] attempt(List<Part> sizes) {
    int flags = libc_h.MAP_PRIVATE() | libc_h.MAP_ANONYMOUS();
    return sizes.stream()
        .mapToLong(part -> granted(kernel.mmap(part.bytes, part.protection, flags, -1, 0)))
        .toArray();
  }

  private static boolean adjacent(List<Part> sizes, long[] mapped) {
    for (int i = Math.max(1, mapped.length - REGIONS + 1); i < mapped.length; i++) {
      if (mapped[i] + sizes.get(i).bytes != mapped[i - 1]) {
        return false;
      }
    }
    return true;
  }

  private void unmap(List<Part> sizes, long[] mapped) {
    for (int i = 0; i < mapped.length; i++) {
      granted(kernel.munmap(mapped[i], sizes.get(i).bytes));
    }
  }

  private static long granted(long answer) {
    if (answer < 0) {
      throw new IllegalStateException("no memory for programs: " + Errno.name((int) answer));
    }
    return answer;
  }

  /** The address at which one of the four regions begins. */
  public long address(int region) {
    return switch (region) {
      case DATA -> addresses[2];
      case READ_ONLY -> addresses[1];
      case BLOCK -> addresses[4];
      case NOTHING -> addresses[0];
      default -> throw new IllegalArgumentException("no region " + region);
    };
  }

  /** The data. */
  public MemorySegment data() {
    return MemorySegment.ofAddress(address(DATA)).reinterpret(DATA_BYTES);
  }

  /** The block. */
  public MemorySegment block() {
    return MemorySegment.ofAddress(address(BLOCK)).reinterpret(BLOCK_BYTES);
  }

  @Override
  public void close() {
    unmap(parts, mappings);
  }
}
