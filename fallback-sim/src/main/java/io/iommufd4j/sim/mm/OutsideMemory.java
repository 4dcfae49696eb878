// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.mm;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.FaultPlan;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.OutsidePins.PageId;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The memory of a process outside of this JVM, as the host lets it be reached. Pages of a file that
 * is shared are one page in all processes, and stay for as long as they are pinned. Private pages
 * that are unmapped while they are pinned are gone, unlike a kernel's.
 */
public final class OutsideMemory implements UserMemory {

  /**
   * Pages of a host's file that processes outside of this JVM share ({@code struct address_space}).
   * One object stands for one file.
   */
  public interface SharedPages {

    /** Bytes that the file has at this moment, rounded up to whole pages. */
    long bytes();

    /** True for huge pages: Linux does not count the pins of a single small page within one. */
    boolean huge();

    /** Keeps the pages reachable whatever becomes of those who have them mapped. */
    void hold();

    /** Undoes {@link #hold}. */
    void drop();

    /** Reads while held: true when all bytes could be read. */
    boolean read(long offset, MemorySegment into);

    /** Writes while held: true when all bytes could be written. */
    boolean write(long offset, MemorySegment from);
  }

  /** The host's view of the process. */
  public interface Host {
    /** True until the process has ended, or runs another program. */
    boolean alive();

    /** Reads as the process itself may: true when all bytes could be read. */
    boolean read(long address, MemorySegment into);

    /** Writes as the process itself may: true when all bytes could be written. */
    boolean write(long address, MemorySegment from);

    /** Reads or writes whatever the process itself may: true when all bytes were moved. */
    boolean force(long address, MemorySegment segment, boolean write);

    /** The mappings between two addresses, by rising address. */
    List<Stretch> mapped(long address, long end);
  }

  /**
   * One mapping ({@code struct vm_area_struct}).
   *
   * @param start its first address
   * @param end exclusive
   * @param readable {@code PROT_READ}
   * @param writable {@code PROT_WRITE}
   * @param file the file that it shares; null for a private mapping
   * @param offset of its first byte in the file
   * @param registers physical address of the registers that it shows; −1 for memory
   */
  public record Stretch(
      long start,
      long end,
      boolean readable,
      boolean writable,
      @Nullable SharedPages file,
      long offset,
      long registers) {}

  /**
   * Pinned pages of a file, as they lay in the process.
   *
   * @param shift offset in the file less the user address
   * @param pages pins by number of the page in the address space
   */
  private record Run(SharedPages file, long shift, PinCounts pages) {}

  private final Host host;
  private final FaultPlan faults;
  private final UserMemory machine;
  private final OutsidePins pins;
  private final int stretch;

  private final List<Run> runs = new ArrayList<>(1);

  /**
   * Memory that a host shows.
   *
   * @param machine what physical addresses lead to
   * @param pins of all processes outside
   */
  public OutsideMemory(Host host, FaultPlan faults, UserMemory machine, OutsidePins pins) {
    this.host = host;
    this.faults = faults;
    this.machine = machine;
    this.pins = pins;
    this.stretch =
        pins.frames()
            .add(
                new OutsidePins.Owner() {
                  @Override
                  public PageId page(long at) {
                    return pageOfPinned(at);
                  }

                  @Override
                  public boolean transfer(long at, MemorySegment segment, boolean write) {
                    return transferPinned(at, segment, write);
                  }
                });
  }

  /** Nobody refers to its pages any more. */
  public void end() {
    pins.frames().remove(stretch);
  }

  @Override
  public boolean alive() {
    return host.alive();
  }

  @Override
  public void copyIn(long address, MemorySegment into) {
    faults.copy();
    if (!host.read(address, into)) {
      throw Refused.with(Errno.EFAULT);
    }
  }

  @Override
  public boolean costly(long address) {
    return true;
  }

  @Override
  public void copyOut(long address, MemorySegment from) {
    faults.copy();
    if (!host.write(address, from)) {
      throw Refused.with(Errno.EFAULT);
    }
  }

  @Override
  public synchronized long pin(long address, long pages, boolean writable) {
    long end = end(address, pages);
    if (!host.alive()) {
      throw Refused.with(Errno.EFAULT);
    }
    List<Stretch> mapped = host.mapped(address, end);
    requireThere(mapped, address, end, writable);
    for (Stretch one : mapped) {
      long from = Math.max(address, one.start());
      long to = Math.min(end, one.end());
      long count = (to - from) / PAGE_SIZE;
      SharedPages file = one.file();
      if (file == null) {
        pins.count(this, from / PAGE_SIZE, count, 1);
      } else {
        Run run = run(file, one.offset() - one.start());
        run.pages().add(from / PAGE_SIZE, count, 1);
        pins.count(file, (from + run.shift()) / PAGE_SIZE, count, 1);
      }
    }
    return OutsidePins.Frames.physical(stretch, address);
  }

  @Override
  public long registers(long address, long pages, boolean writable) {
    long end = address + pages * PAGE_SIZE;
    if (address < 0 || end <= address) {
      return -1;
    }
    List<Stretch> mapped = host.mapped(address, end);
    if (mapped.size() != 1) {
      return -1;
    }
    Stretch one = mapped.getFirst();
    boolean allowed = writable ? one.writable() : one.readable();
    return one.registers() >= 0 && one.start() <= address && end <= one.end() && allowed
        ? one.registers() + address - one.start()
        : -1;
  }

  private static long end(long address, long pages) {
    if (address < 0 || pages <= 0 || pages > (REGISTERS - address) / PAGE_SIZE) {
      throw Refused.with(Errno.EFAULT);
    }
    return address + pages * PAGE_SIZE;
  }

  private static void requireThere(List<Stretch> mapped, long address, long end, boolean writable) {
    long at = address;
    for (Stretch one : mapped) {
      boolean allowed = one.registers() < 0 && (writable ? one.writable() : one.readable());
      SharedPages file = one.file();
      long past = Math.min(end, one.end());
      boolean backed = file == null || one.offset() + past - one.start() <= file.bytes();
      if (one.start() > at || !allowed || !backed) {
        break;
      }
      at = past;
    }
    if (at < end) {
      throw Refused.with(Errno.EFAULT);
    }
  }

  private Run run(SharedPages file, long shift) {
    for (Run run : runs) {
      if (run.file() == file && run.shift() == shift) {
        return run;
      }
    }
    file.hold();
    var run = new Run(file, shift, new PinCounts());
    runs.add(run);
    return run;
  }

  /** The run that a pinned page is of, the latest that there is; null for a private page. */
  private @Nullable Run runAt(long page) {
    for (Run run : runs.reversed()) {
      if (run.pages().of(page) > 0) {
        return run;
      }
    }
    return null;
  }

  /** The page at which another run may begin, at most a last one. */
  private long runEnd(@Nullable Run run, long page, long end) {
    if (run != null) {
      return Math.min(end, run.pages().end(page));
    }
    long next = end;
    for (Run other : runs) {
      next = Math.min(next, other.pages().end(page));
    }
    return next;
  }

  @Override
  public synchronized void unpin(long physical, long pages) {
    long page = OutsidePins.Frames.within(physical) / PAGE_SIZE;
    long end = page + pages;
    while (page < end) {
      Run run = runAt(page);
      long to = runEnd(run, page, end);
      if (run == null) {
        pins.count(this, page, to - page, -1);
      } else {
        pins.count(run.file(), page + run.shift() / PAGE_SIZE, to - page, -1);
        run.pages().add(page, to - page, -1);
        if (run.pages().isEmpty()) {
          runs.remove(run);
          run.file().drop();
        }
      }
      page = to;
    }
  }

  private synchronized PageId pageOfPinned(long address) {
    long page = address / PAGE_SIZE;
    Run run = runAt(page);
    return run == null
        ? new PageId(this, page)
        : new PageId(run.file(), page + run.shift() / PAGE_SIZE);
  }

  private PageId pageAt(long address) {
    Stretch one = stretchAt(address);
    SharedPages file = one.file();
    return file == null
        ? new PageId(this, address / PAGE_SIZE)
        : new PageId(file, (one.offset() + address - one.start()) / PAGE_SIZE);
  }

  private Stretch stretchAt(long address) {
    long page = address & -PAGE_SIZE;
    List<Stretch> mapped = address < 0 ? List.of() : host.mapped(page, page + PAGE_SIZE);
    requireThere(mapped, page, page + PAGE_SIZE, false);
    return mapped.getFirst();
  }

  @Override
  public boolean samePage(long address, long physical) {
    return pageAt(address).equals(pins.page(physical));
  }

  @Override
  public int pins(long address) {
    SharedPages file = stretchAt(address).file();
    return file != null && file.huge() ? UNCOUNTED : pins.count(pageAt(address));
  }

  private boolean transferPinned(long address, MemorySegment segment, boolean write) {
    long at = address;
    long end = address + segment.byteSize();
    while (at < end) {
      Run run;
      long to;
      synchronized (this) {
        long page = at / PAGE_SIZE;
        run = runAt(page);
        to = Math.min(end, runEnd(run, page, (end + PAGE_SIZE - 1) / PAGE_SIZE) * PAGE_SIZE);
      }
      MemorySegment part = segment.asSlice(at - address, to - at);
      if (!(run == null ? host.force(at, part, write) : transfer(run, at, part, write))) {
        return false;
      }
      at = to;
    }
    return true;
  }

  private static boolean transfer(Run run, long at, MemorySegment part, boolean write) {
    long offset = at + run.shift();
    return write ? run.file().write(offset, part) : run.file().read(offset, part);
  }

  @Override
  public long machineAddress(long physical) {
    return machine.machineAddress(physical);
  }

  @Override
  public long physicalAddress(long address) {
    return machine.physicalAddress(address);
  }

  @Override
  public boolean readPhysical(long physical, MemorySegment into) {
    return machine.readPhysical(physical, into);
  }

  @Override
  public boolean writePhysical(long physical, MemorySegment from) {
    return machine.writePhysical(physical, from);
  }

  @Override
  public void placeRegisters(long physical, long bytes, Registers registers) {
    machine.placeRegisters(physical, bytes, registers);
  }
}
