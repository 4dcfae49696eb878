// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * The memory of this process by address. Where a page is missing, or its protection forbids the
 * access, a copy fails as the kernel's own do.
 *
 * <p>Bytes go by way of a file of memory that is mapped here: {@code pwrite(2)} from the address
 * reads them, {@code pread(2)} to the address writes them. Both take less time than {@code
 * process_vm_readv(2)} or {@code /proc/self/mem}, which does not heed protection besides.
 */
public final class OwnMemory implements AutoCloseable {

  private static final int PROT_READ_WRITE = 3;
  private static final int MAP_SHARED = 1;
  private static final int MADV_POPULATE_READ = 22;
  private static final int MADV_POPULATE_WRITE = 23;

  /** Parts of the file, each for one copy at a time. */
  private static final int SLOTS = Long.SIZE - 1;

  private static final long SLOT_BYTES = 1 << 16;
  private static final long CLOSED = 1L << SLOTS;

  private static final int PAGE_BYTES = 4096;

  /** About what a copy takes. */
  private static final long COPY_NANOS = 1000;

  private final int file;
  private final MemorySegment mapped;

  /** A bit for each slot in use, and {@link #CLOSED}. The last one out ends file and mapping. */
  private final AtomicLong taken = new AtomicLong();

  private OwnMemory(int file, MemorySegment mapped) {
    this.file = file;
    this.mapped = mapped;
  }

  /**
   * Opens it where that takes no permission which the user did not give: the JVM would warn of
   * native calls from a module that may not make any.
   *
   * @return empty without the permission, on a Linux before 5.14, or without a descriptor left
   */
  public static Optional<OwnMemory> open() {
    if (!OwnMemory.class.getModule().isNativeAccessEnabled()) {
      return Optional.empty();
    }
    int file = HostFile.memory("iommufd4j-copies");
    if (file < 0) {
      return Optional.empty();
    }
    long bytes = SLOTS * SLOT_BYTES;
    long address =
        HostFile.truncate(file, bytes) < 0
            ? -1
            : HostFile.map(bytes, PROT_READ_WRITE, MAP_SHARED, file, 0);
    if (address < 0) {
      HostFile.close(file);
      return Optional.empty();
    }
    var memory =
        new OwnMemory(
            file, MemorySegment.ofAddress(address).reinterpret(bytes, Arena.global(), null));
    if (!memory.there(address, 1, true)) {
      memory.close();
      return Optional.empty();
    }
    return Optional.of(memory);
  }

  /**
   * Reads bytes at an address ({@code copy_from_user}).
   *
   * @param into all of it is filled
   * @return false when not all could be read
   */
  public boolean read(long address, MemorySegment into) {
    return move(address, into, false);
  }

  /**
   * Writes bytes to an address ({@code copy_to_user}).
   *
   * @param from all of it is written
   * @return false when not all could be written; the first ones may have been
   */
  public boolean write(long address, MemorySegment from) {
    return move(address, from, true);
  }

  /**
   * True if a range touches this object's own mapping: it may have come to lie where a caller's
   * memory was, which is gone all the same.
   */
  private boolean ownTouched(long address, long bytes) {
    return address < mapped.address() + mapped.byteSize() && address + bytes > mapped.address();
  }

  private boolean move(long address, MemorySegment segment, boolean write) {
    if (ownTouched(address, segment.byteSize())) {
      return false;
    }
    int slot = take();
    if (slot < 0) {
      return false;
    }
    try {
      long there = slot * SLOT_BYTES;
      for (long done = 0; done < segment.byteSize(); ) {
        long bytes = Math.min(SLOT_BYTES, segment.byteSize() - done);
        if (write) {
          MemorySegment.copy(segment, done, mapped, there, bytes);
        }
        SystemCall call = write ? SystemCall.PREAD64 : SystemCall.PWRITE64;
        long moved = LibC.syscall(call.number(), file, address + done, bytes, there, 0, 0);
        if (moved <= 0) {
          return false;
        }
        if (!write) {
          MemorySegment.copy(mapped, there, segment, done, moved);
        }
        done += moved;
      }
      return true;
    } finally {
      giveBack(slot);
    }
  }

  /**
   * Has pages there, as {@code pin_user_pages} does: written to if they are to be written, so that
   * they are this process' own.
   *
   * @param address of the first, a multiple of the page size
   * @return false when one is missing, protected or a device's, and after {@link #close}
   */
  public boolean populate(long address, long pages, boolean writable) {
    return !ownTouched(address, pages * PAGE_BYTES) && there(address, pages, writable);
  }

  private boolean there(long address, long pages, boolean writable) {
    int advice = writable ? MADV_POPULATE_WRITE : MADV_POPULATE_READ;
    return taken.get() >= 0
        && LibC.syscall(SystemCall.MADVISE.number(), address, pages * PAGE_BYTES, advice) == 0;
  }

  /** Takes a slot; waits where all are in use, which takes the time of a copy. Negative: closed. */
  private int take() {
    while (true) {
      long now = taken.get();
      if (now < 0) {
        return -1;
      }
      int slot = Long.numberOfTrailingZeros(~now);
      if (slot == SLOTS) {
        LockSupport.parkNanos(COPY_NANOS);
      } else if (taken.compareAndSet(now, now | 1L << slot)) {
        return slot;
      }
    }
  }

  private void giveBack(int slot) {
    if (taken.addAndGet(-(1L << slot)) == CLOSED) {
      free();
    }
  }

  /** Ends it as soon as the last copy under way has ended; later copies fail. */
  @Override
  public void close() {
    if (taken.getAndUpdate(now -> now | CLOSED) == 0) {
      free();
    }
  }

  private void free() {
    SystemCall.MUNMAP.call(mapped.address(), mapped.byteSize());
    HostFile.close(file);
  }
}
