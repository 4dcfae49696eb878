package io.iommufd4j.sim.mm;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.FaultPlan;
import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel.MapMode;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The memory of this very process. Reached directly where a segment is at hand: the block that the
 * calling thread lends for the length of a system call, and what {@link #map} handed out. Any other
 * address is reached through {@code /proc/self/mem} where the host is a Linux, and is a bad one
 * elsewhere. No native call is made, and none can crash.
 *
 * <p>Two things differ from a kernel: memory of the process that this did not hand out does not
 * outlive its unmapping when it is pinned, and page protection that changes in the moment between a
 * check and the copy is not seen.
 */
public final class ProcessMemory implements UserMemory, AutoCloseable {

  /** What a thread has lent. */
  private static final class Lent {
    MemorySegment segment = MemorySegment.NULL;
  }

  private final FaultPlan faults;
  private final @Nullable HostMemory host;

  @SuppressWarnings("ThreadLocalUsage") // Static it would be seen from every kernel.
  private final ThreadLocal<Lent> lent = ThreadLocal.withInitial(Lent::new);

  private final List<MemorySegment> deadRegisters = new ArrayList<>();
  // Mapped, or unmapped and still pinned. Addresses of user memory are positive.
  private final ConcurrentSkipListMap<Long, Mapping> mappings = new ConcurrentSkipListMap<>();
  private final PinCounts pinCounts = new PinCounts();
  private final ConcurrentHashMap<Object, PinCounts> filePinCounts = new ConcurrentHashMap<>();
  private final RegisterWindows registers = new RegisterWindows();
  private final FileFrames fileFrames = new FileFrames();
  private @Nullable BackingFile anonymous;

  /**
   * The memory of this process, whatever the host allows to be reached.
   *
   * @param faults which of the kernel's copies to and from it fail
   */
  public ProcessMemory(FaultPlan faults) {
    this(faults, HostMemory.open().orElse(null));
  }

  private ProcessMemory(FaultPlan faults, @Nullable HostMemory host) {
    this.faults = faults;
    this.host = host;
  }

  /** Only memory that was lent or handed out, as on a host that is no Linux. */
  static ProcessMemory withoutHost() {
    return new ProcessMemory(new FaultPlan(), null);
  }

  /**
   * Whether a segment reaches what its arena gave; one made of a bare address may be nothing at
   * all, and is reached as any address is.
   */
  public static boolean vouchedFor(MemorySegment segment) {
    return segment.byteSize() == 0 || !segment.scope().equals(Arena.global().scope());
  }

  /**
   * Lends a segment to system calls of this thread, in place of the one before; {@link
   * MemorySegment#NULL} ends that. One that nobody vouches for is not taken.
   *
   * @return what was lent before, to be lent again when the call is over
   */
  public MemorySegment lend(MemorySegment segment) {
    Lent now = lent.get();
    MemorySegment before = now.segment;
    now.segment = vouchedFor(segment) ? segment : MemorySegment.NULL;
    return before;
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
      return map(anonymous(bytes, protection, arena), protection, true, arena::close);
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
      return map(
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
   * @param pages whether it is pages of memory, which can be pinned, and not a device's registers
   * @param free what ends the memory once it is unmapped and unpinned
   * @return its address
   */
  public long map(MemorySegment memory, Protection protection, boolean pages, Runnable free) {
    var kind = pages ? Mapping.Kind.PAGES : Mapping.Kind.DEVICE;
    return map(memory, protection, kind, null, free);
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
    return map(memory, protection, Mapping.Kind.PAGES, pages, free);
  }

  private long map(
      MemorySegment memory,
      Protection protection,
      Mapping.Kind kind,
      Mapping.@Nullable FilePages file,
      Runnable free) {
    // Out of the map before the memory is gone: its address may be given out again at once.
    Consumer<Mapping> gone =
        mapping -> {
          mappings.remove(mapping.start(), mapping);
          free.run();
        };
    mappings.put(memory.address(), new Mapping(memory, protection, kind, file, gone));
    return memory.address();
  }

  /**
   * Takes memory back that was handed out, or part of it; what a part occupied is free when the
   * last of its mapping goes. A range in which nothing is mapped is no fault.
   *
   * @throws Refused EINVAL when the address is not a multiple of the page size, there are no bytes,
   *     or a huge page would be left in part
   */
  public void unmap(long address, long bytes) {
    long pages = bytes / PAGE_SIZE + (bytes % PAGE_SIZE == 0 ? 0 : 1);
    long end = address + pages * PAGE_SIZE;
    if (address < 0 || address % PAGE_SIZE != 0 || bytes <= 0 || end < address) {
      throw Refused.with(Errno.EINVAL);
    }
    synchronized (mappings) {
      requireWholePages(covering(address), address);
      requireWholePages(covering(end - 1), end);
      Mapping first = covering(address);
      long start = first == null ? address : first.start();
      for (Mapping mapping : mappings.subMap(start, end).values()) {
        if (mapping.mapped()) {
          mapping.unmap(address, end);
        }
      }
    }
  }

  private static void requireWholePages(@Nullable Mapping mapping, long edge) {
    if (mapping != null && mapping.huge() && edge < mapping.end() && edge % HugePages.BYTES != 0) {
      throw Refused.with(Errno.EINVAL);
    }
  }

  /**
   * Ends what shows a device's registers. The memory stays for as long as this object does, so that
   * a program that still has it mapped reads dead registers and does not crash.
   */
  public void unmapDevices() {
    synchronized (mappings) {
      for (Mapping mapping : mappings.values()) {
        if (mapping.mapped() && !mapping.pinnable()) {
          deadRegisters.add(mapping.memory());
          mapping.unmap();
        }
      }
    }
  }

  private @Nullable Mapping covering(long address) {
    Long start = mappings.floorKey(address);
    Mapping mapping = start == null ? null : mappings.get(start);
    return mapping == null || mapping.end() <= address ? null : mapping;
  }

  @Override
  public void copyIn(long address, MemorySegment into) {
    faults.copy();
    if (!transfer(address, into, false, false)) {
      throw Refused.with(Errno.EFAULT);
    }
  }

  @Override
  public void copyOut(long address, MemorySegment from) {
    faults.copy();
    if (!transfer(address, from, true, false)) {
      throw Refused.with(Errno.EFAULT);
    }
  }

  @Override
  public long machineAddress(long physical) {
    if (physical >= REGISTERS) {
      return physical - REGISTERS;
    }
    Mapping mapping = covering(physical);
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
    if (registers.at(REGISTERS + machine)) {
      return REGISTERS + machine;
    }
    if (FileFrames.covers(machine)) {
      return fileFrames.physicalAddress(machine, mappings.values());
    }
    Mapping mapping = covering(machine);
    if (mapping != null) {
      return mapping.pinnable() ? machine : -1;
    }
    return pinCounts.of(machine / PAGE_SIZE) > 0 ? machine : -1;
  }

  @Override
  public void copyIn(long address, MemorySegment into, long offset, long bytes) {
    MemorySegment block = lent(address, bytes, false);
    if (block == null) {
      copyIn(address, into.asSlice(offset, bytes));
      return;
    }
    faults.copy();
    MemorySegment.copy(block, address - block.address(), into, offset, bytes);
  }

  @Override
  public void copyOut(long address, MemorySegment from, long offset, long bytes) {
    MemorySegment block = lent(address, bytes, true);
    if (block == null) {
      copyOut(address, from.asSlice(offset, bytes));
      return;
    }
    faults.copy();
    MemorySegment.copy(from, offset, block, address - block.address(), bytes);
  }

  /** What the calling thread has lent, if a range lies in it. */
  private @Nullable MemorySegment lent(long address, long bytes, boolean write) {
    MemorySegment block = lent.get().segment;
    long offset = address - block.address();
    boolean within = offset >= 0 && bytes <= block.byteSize() - offset;
    return within && !(write && block.isReadOnly()) ? block : null;
  }

  @Override
  public boolean readPhysical(long physical, MemorySegment into) {
    return registers.at(physical)
        ? registers.transfer(physical, into, false)
        : transfer(physical, into, false, true);
  }

  @Override
  public boolean writePhysical(long physical, MemorySegment from) {
    return registers.at(physical)
        ? registers.transfer(physical, from, true)
        : transfer(physical, from, true, true);
  }

  @Override
  public void placeRegisters(long physical, long bytes, Registers placed) {
    registers.place(physical, bytes, placed);
  }

  /**
   * Copies in either direction.
   *
   * @param physical whether a device asks: it reaches pinned pages that are no longer mapped, and
   *     the IOMMU has checked what it may do
   */
  private boolean transfer(long address, MemorySegment segment, boolean write, boolean physical) {
    long end = address + segment.byteSize();
    if (address < 0 || end < address) {
      return false;
    }
    if (!physical && throughLent(address, segment, write)) {
      return true;
    }
    for (long at = address; at < end; ) {
      Mapping mapping = covering(at);
      long stop = mapping != null ? mapping.end() : nextMapping(at, end);
      MemorySegment piece = segment.asSlice(at - address, Math.min(stop, end) - at);
      boolean moved =
          mapping != null
              ? throughMapping(mapping, at, piece, write, physical)
              : throughHost(at, piece, write);
      if (!moved) {
        return false;
      }
      at += piece.byteSize();
    }
    return true;
  }

  private long nextMapping(long address, long end) {
    Long next = mappings.higherKey(address);
    return next == null ? end : next;
  }

  private boolean throughLent(long address, MemorySegment segment, boolean write) {
    MemorySegment block = lent(address, segment.byteSize(), write);
    if (block == null) {
      return false;
    }
    move(block.asSlice(address - block.address(), segment.byteSize()), segment, write);
    return true;
  }

  private static boolean throughMapping(
      Mapping mapping, long address, MemorySegment piece, boolean write, boolean physical) {
    if (!mapping.hold()) {
      return false;
    }
    try {
      boolean allowed = write ? mapping.protection().writable() : mapping.protection().readable();
      boolean there = mapping.mapped(address, piece.byteSize());
      boolean refused = !physical && (!there || !allowed);
      if (refused || (write && mapping.memory().isReadOnly())) {
        return false;
      }
      long offset = address - mapping.start();
      move(mapping.memory().asSlice(offset, piece.byteSize()), piece, write);
      return true;
    } finally {
      mapping.drop();
    }
  }

  private boolean throughHost(long address, MemorySegment piece, boolean write) {
    HostMemory memory = host;
    if (memory == null) {
      return false;
    }
    return write ? memory.write(address, piece) : memory.read(address, piece);
  }

  private static void move(MemorySegment user, MemorySegment kernel, boolean write) {
    if (write) {
      user.copyFrom(kernel);
    } else {
      kernel.copyFrom(user);
    }
  }

  @Override
  public void pin(long address, long pages, boolean writable) {
    if (address < 0 || pages <= 0 || pages > (Long.MAX_VALUE - address) / PAGE_SIZE) {
      throw Refused.with(Errno.EFAULT);
    }
    long end = address + pages * PAGE_SIZE;
    for (long at = address; at < end; ) {
      Mapping mapping = covering(at);
      long stop = Math.min(mapping != null ? mapping.end() : nextMapping(at, end), end);
      long count = (stop - at) / PAGE_SIZE;
      boolean pinned =
          mapping != null ? pinMapping(mapping, at, count, writable) : there(at, count, writable);
      if (!pinned) {
        if (at > address) {
          unpin(address, (at - address) / PAGE_SIZE);
        }
        throw Refused.with(Errno.EFAULT);
      }
      count(mapping, at, count, 1);
      at = stop;
    }
  }

  private void count(@Nullable Mapping mapping, long address, long pages, int change) {
    long page = page(mapping, address);
    Object file = mapping == null ? null : mapping.file();
    if (file == null) {
      pinCounts.add(page, pages, change);
    } else {
      countOfFile(file, page, pages, change);
    }
  }

  private void countOfFile(Object file, long page, long pages, int change) {
    filePinCounts.compute(
        file,
        (_, known) -> {
          PinCounts counts = known == null ? new PinCounts() : known;
          counts.add(page, pages, change);
          return counts.isEmpty() ? null : counts;
        });
  }

  /** What a page's number counts in: the file that it is of, or this memory. */
  private Object space(@Nullable Mapping mapping) {
    Object file = mapping == null ? null : mapping.file();
    return file == null ? this : file;
  }

  private static long page(@Nullable Mapping mapping, long address) {
    return mapping == null ? address / PAGE_SIZE : mapping.page(address);
  }

  @Override
  public boolean samePage(long address, long physical) {
    Mapping mapping = mappingOfPage(address);
    Mapping pinned = covering(physical);
    return space(mapping) == space(pinned) && page(mapping, address) == page(pinned, physical);
  }

  @Override
  public int pins(long address) {
    Mapping mapping = mappingOfPage(address);
    if (mapping != null && mapping.huge()) {
      return UNCOUNTED;
    }
    Object file = mapping == null ? null : mapping.file();
    PinCounts counts = file == null ? pinCounts : filePinCounts.get(file);
    return counts == null ? 0 : counts.of(page(mapping, address));
  }

  /** The mapping of a page that is there; null for one that this did not hand out. */
  private @Nullable Mapping mappingOfPage(long address) {
    Mapping mapping = address < 0 ? null : covering(address);
    boolean there =
        mapping != null
            ? mapping.mapped(address, 1) && mapping.pinnable() && mapping.protection().readable()
            : address >= 0 && there(address & -PAGE_SIZE, 1, false);
    if (!there) {
      throw Refused.with(Errno.EFAULT);
    }
    return mapping;
  }

  private static boolean pinMapping(Mapping mapping, long at, long pages, boolean writable) {
    return mapping.mapped(at, pages * PAGE_SIZE)
        && mapping.backed(at, pages * PAGE_SIZE)
        && mapping.pinnable()
        && (writable ? mapping.protection().writable() : mapping.protection().readable())
        && mapping.pin(pages);
  }

  private boolean there(long address, long pages, boolean writable) {
    HostMemory memory = host;
    return memory != null && memory.there(address, pages, writable);
  }

  @Override
  public void unpin(long address, long pages) {
    long end = address + pages * PAGE_SIZE;
    for (long at = address; at < end; ) {
      Mapping mapping = covering(at);
      long stop = Math.min(mapping != null ? mapping.end() : nextMapping(at, end), end);
      count(mapping, at, (stop - at) / PAGE_SIZE, -1);
      if (mapping != null) {
        mapping.unpin((stop - at) / PAGE_SIZE);
      }
      at = stop;
    }
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
