// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.mm;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.FaultPlan;
import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel.MapMode;
import org.jspecify.annotations.Nullable;

/**
 * The memory of this very process. Reached directly where a segment is at hand: the block that the
 * calling thread lends for the length of a system call, and what {@link #map} handed out. Any other
 * address is reached through the host's kernel where that is a Linux ({@link HostMemory}), and is a
 * bad one elsewhere. No copy can crash.
 *
 * <p>Two things differ from a kernel: memory of the process that this did not hand out does not
 * outlive its unmapping when it is pinned; and where the user allows no native calls, page
 * protection that changes in the moment between a check and the copy is not seen.
 */
public final class ProcessMemory implements UserMemory, AutoCloseable {

  private final @Nullable HostMemory host;
  private final AddressSpace space = new AddressSpace();
  private final UserCopies copies;
  private final PinnedUserPages pins;
  private final RegisterWindows registers = new RegisterWindows();
  private final FileFrames fileFrames = new FileFrames();
  private @Nullable BackingFile anonymous;
  private volatile Beyond beyond = (physical, segment, write) -> false;

  /** The first physical address of memory that is not this process'. */
  public static final long BEYOND = 1L << 52;

  /** Memory that is not this process'. */
  @FunctionalInterface
  public interface Beyond {
    /** A device reads or writes: true when all bytes were moved. */
    boolean transfer(long physical, MemorySegment segment, boolean write);
  }

  /**
   * The memory of this process, whatever the host allows to be reached.
   *
   * @param faults which of the kernel's copies to and from it fail
   */
  public ProcessMemory(FaultPlan faults) {
    this(faults, HostMemory.open(true).orElse(null));
  }

  private ProcessMemory(FaultPlan faults, @Nullable HostMemory host) {
    this.host = host;
    this.copies = new UserCopies(faults, space, host);
    this.pins = new PinnedUserPages(space, host);
  }

  /** Sets what reaches the physical addresses from {@link #BEYOND} on. */
  public void reachBeyond(Beyond memory) {
    beyond = memory;
  }

  /** Only memory that was lent or handed out, as on a host that is no Linux. */
  static ProcessMemory withoutHost() {
    return new ProcessMemory(new FaultPlan(), null);
  }

  /** The memory as it is reached where the user allows no native calls. */
  static ProcessMemory withoutNativeCalls() {
    return new ProcessMemory(new FaultPlan(), HostMemory.open(false).orElse(null));
  }

  /**
   * True if a segment's memory is known to exist because its arena allocated it. A segment made
   * from a bare address may point to nothing, and is accessed like any other address.
   */
  public static boolean vouchedFor(MemorySegment segment) {
    return segment.byteSize() == 0 || !segment.scope().equals(Arena.global().scope());
  }

  /**
   * Lends a segment to a system call of this thread, in place of the one before. One that nobody
   * vouches for is not taken.
   *
   * @return what was lent before, for {@link #endLending} when the call is over
   */
  public MemorySegment lend(MemorySegment segment) {
    return copies.lend(vouchedFor(segment) ? segment : MemorySegment.NULL);
  }

  /** Undoes {@link #lend}. */
  public void endLending(MemorySegment before) {
    copies.lend(before);
  }

  /**
   * Hands out new memory, filled with 0.
   *
   * @param bytes a multiple of the page size, more than 0
   * @return its address
   * @throws Refused ENOMEM when the host gives none
   */
  public long mapAnonymous(long bytes, Protection protection) {
    var arena = Arena.ofShared();
    try {
      return map(anonymous(bytes, protection, arena), protection, arena::close);
    } catch (Refused refused) {
      arena.close();
      throw refused;
    }
  }

  /**
   * Hands out new memory of huge pages, filled with 0.
   *
   * @param bytes more than 0; rounded up to whole huge pages
   * @param pool what they are taken from, and given back to when nobody has them mapped or pinned
   * @return its address, a multiple of {@link HugePages#BYTES}
   * @throws Refused ENOMEM when the pool does not have as many, or the host gives none
   */
  public long mapHuge(long bytes, Protection protection, HugePages pool) {
    if (bytes > Long.MAX_VALUE - 2 * HugePages.BYTES) {
      throw Refused.with(Errno.ENOMEM);
    }
    long pages = (bytes + HugePages.BYTES - 1) / HugePages.BYTES;
    pool.take(pages);
    var arena = Arena.ofShared();
    try {
      // The host aligns to small pages: somewhere in one huge page more there is what is wanted.
      MemorySegment wide = anonymous((pages + 1) * HugePages.BYTES, protection, arena);
      MemorySegment memory =
          wide.asSlice(-wide.address() & (HugePages.BYTES - 1), pages * HugePages.BYTES);
      return space.map(
          memory,
          protection,
          Mapping.Kind.HUGE_PAGES,
          null,
          () -> {
            arena.close();
            pool.giveBack(pages);
          });
    } catch (Refused refused) {
      arena.close();
      pool.giveBack(pages);
      throw refused;
    }
  }

  /** Private pages of a file that nobody writes: zeroes, and one's own from the first write on. */
  private MemorySegment anonymous(long bytes, Protection protection, Arena arena) {
    var mode = protection.writable() ? MapMode.PRIVATE : MapMode.READ_ONLY;
    return anonymous().map(mode, 0, bytes, arena);
  }

  private synchronized BackingFile anonymous() {
    BackingFile file = anonymous;
    if (file == null) {
      file = new BackingFile();
      anonymous = file;
    }
    return file;
  }

  /**
   * Hands out memory that has no other name.
   *
   * @param memory accessible from any thread
   * @param free what ends the memory once it is unmapped and unpinned
   * @return its address
   */
  public long map(MemorySegment memory, Protection protection, Runnable free) {
    return space.map(memory, protection, Mapping.Kind.PAGES, null, free);
  }

  /**
   * Hands out a device's registers, which cannot be pinned.
   *
   * @param memory accessible from any thread
   * @param registers the physical address of the first; −1 when they have none
   * @param free what ends the memory once it is unmapped
   * @return its address
   */
  public long mapRegisters(
      MemorySegment memory, Protection protection, long registers, Runnable free) {
    return space.mapRegisters(memory, protection, registers, free);
  }

  @Override
  public long registers(long address, long pages, boolean writable) {
    Mapping mapping = space.covering(address);
    return mapping != null
            && !mapping.pinnable()
            && (writable ? mapping.protection().writable() : mapping.protection().readable())
            && pages <= (mapping.end() - address) / PAGE_SIZE
            && mapping.mapped(address, pages * PAGE_SIZE)
        ? mapping.registers(address)
        : -1;
  }

  /**
   * Hands out a file's pages, which are the same pages wherever they are mapped.
   *
   * @param memory as the file mapped it; accessible from any thread
   * @param file whose they are
   * @param offset of the first, in bytes
   * @param free what ends the memory once it is unmapped and unpinned
   * @return its address
   */
  public long mapShared(
      MemorySegment memory, Protection protection, Object file, long offset, Runnable free) {
    var pages = new Mapping.FilePages(file, offset);
    return space.map(memory, protection, Mapping.Kind.PAGES, pages, free);
  }

  /**
   * Takes memory back that was handed out, or part of it; what a part occupied is free when the
   * last of its mapping goes. A range in which nothing is mapped is no fault.
   *
   * @throws Refused EINVAL when the address is not a multiple of the page size, there are no bytes,
   *     or a huge page would be left in part
   */
  public void unmap(long address, long bytes) {
    space.unmap(address, bytes);
  }

  /**
   * Ends what shows a device's registers. The memory stays for as long as this object does, so that
   * a program that still has it mapped reads dead registers and does not crash.
   */
  public void unmapDevices() {
    space.unmapDevices();
  }

  @Override
  public void copyIn(long address, MemorySegment into) {
    copyIn(address, into, 0, into.byteSize());
  }

  @Override
  public void copyIn(long address, MemorySegment into, long offset, long bytes) {
    copies.copyIn(address, into, offset, bytes);
  }

  @Override
  public long copyInAhead(long address, MemorySegment into, long bytes) {
    return copies.copyInAhead(address, into, bytes);
  }

  @Override
  public void copyOut(long address, MemorySegment from) {
    copyOut(address, from, 0, from.byteSize());
  }

  @Override
  public void copyOut(long address, MemorySegment from, long offset, long bytes) {
    copies.copyOut(address, from, offset, bytes);
  }

  @Override
  public long machineAddress(long physical) {
    if (physical >= BEYOND) {
      return physical;
    }
    if (physical >= REGISTERS) {
      return physical - REGISTERS;
    }
    Mapping mapping = space.covering(physical);
    Object file = mapping == null ? null : mapping.file();
    return mapping == null || file == null
        ? physical
        : fileFrames.machineAddress(file, mapping.fileOffset() + physical - mapping.start());
  }

  @Override
  public long physicalAddress(long machine) {
    if (machine < 0) {
      return -1;
    }
    if (machine >= BEYOND) {
      return machine;
    }
    if (registers.at(REGISTERS + machine)) {
      return REGISTERS + machine;
    }
    if (FileFrames.covers(machine)) {
      return fileFrames.physicalAddress(machine, space.mappings());
    }
    Mapping mapping = space.covering(machine);
    if (mapping != null) {
      return mapping.pinnable() ? machine : -1;
    }
    return pins.pinned(machine / PAGE_SIZE) ? machine : -1;
  }

  @Override
  public boolean readPhysical(long physical, MemorySegment into) {
    if (physical >= BEYOND) {
      return beyond.transfer(physical, into, false);
    }
    return registers.at(physical)
        ? registers.transfer(physical, into, false)
        : copies.transferPhysical(physical, into, false);
  }

  @Override
  public boolean writePhysical(long physical, MemorySegment from) {
    if (physical >= BEYOND) {
      return beyond.transfer(physical, from, true);
    }
    return registers.at(physical)
        ? registers.transfer(physical, from, true)
        : copies.transferPhysical(physical, from, true);
  }

  @Override
  public void placeRegisters(long physical, long bytes, Registers placed) {
    registers.place(physical, bytes, placed);
  }

  @Override
  public long pin(long address, long pages, boolean writable) {
    pins.pin(address, pages, writable);
    // The physical address of a page of this process is its user address.
    return address;
  }

  @Override
  public void unpin(long physical, long pages) {
    pins.unpin(physical, pages);
  }

  @Override
  public boolean samePage(long address, long physical) {
    return pins.samePage(address, physical);
  }

  @Override
  public int pins(long address) {
    return pins.pins(address);
  }

  /**
   * The mappings, as {@code /proc/PID/maps} lists them: first what this handed out, then what the
   * host shows of the process besides.
   */
  public String maps() {
    var lines = new StringBuilder();
    space.show(lines);
    if (host != null) {
      host.show(lines);
    }
    return lines.toString();
  }

  /** Lets go of the host's files. Memory that was handed out stays until it is unmapped. */
  @Override
  public synchronized void close() {
    if (host != null) {
      host.close();
    }
    if (anonymous != null) {
      anonymous.close();
      anonymous = null;
    }
  }
}
