package io.iommufd4j.sim;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.host.PciAddress;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.KernelIdentity;
import io.iommufd4j.kernel.ProcessFacts;
import io.iommufd4j.sim.fs.EventFd;
import io.iommufd4j.sim.fs.FileTable;
import io.iommufd4j.sim.fs.HugePagesFile;
import io.iommufd4j.sim.fs.MappableFile;
import io.iommufd4j.sim.fs.Memfd;
import io.iommufd4j.sim.fs.OpenFile;
import io.iommufd4j.sim.fs.Poll;
import io.iommufd4j.sim.fs.Procfs;
import io.iommufd4j.sim.fs.RecordFile;
import io.iommufd4j.sim.fs.Sysfs;
import io.iommufd4j.sim.fs.Wakeups;
import io.iommufd4j.sim.iommu.DmaPort;
import io.iommufd4j.sim.iommu.IommuGroup;
import io.iommufd4j.sim.iommufd.IommufdContext;
import io.iommufd4j.sim.iommufd.IommufdFile;
import io.iommufd4j.sim.lib.FaultPlan;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.Accounting;
import io.iommufd4j.sim.mm.CallingProcess;
import io.iommufd4j.sim.mm.HugePages;
import io.iommufd4j.sim.mm.ProcessMemory;
import io.iommufd4j.sim.mm.Protection;
import io.iommufd4j.sim.mm.UserMemory;
import io.iommufd4j.sim.mm.UserProcess;
import io.iommufd4j.sim.selftest.MockIommu;
import io.iommufd4j.sim.selftest.Selftest;
import io.iommufd4j.sim.vfio.PciFunction;
import io.iommufd4j.sim.vfio.VfioDevice;
import io.iommufd4j.sim.vfio.VfioGroup;
import io.iommufd4j.sim.vfio.VfioPci;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * A kernel in this process that answers requests as Linux 7.3.4 does, on a {@link Machine} of its
 * own. It keeps no static state: two of them do not see each other. The calling process is this
 * very one, and so is its memory.
 *
 * <p>Two kernels, or a kernel and the host's own, give out descriptors by themselves: a number
 * means something only to the kernel it came from.
 */
public final class SimKernel implements Kernel {

  /** The release it answers as. */
  public static final String RELEASE = "7.3.4";

  /** {@code RLIMIT_MEMLOCK} of a process that nobody limited otherwise. */
  public static final long DEFAULT_MEMLOCK = 8L << 20;

  private static final String IOMMU_NODE = "/dev/iommu";
  private static final String VFIO_NODES = "/dev/vfio/devices/";
  private static final String CONTAINER_NODE = "/dev/vfio/vfio";
  private static final String GROUP_NODES = "/dev/vfio/";
  private static final String SYSFS = "/sys/";
  private static final String PROCFS = "/proc/";

  private static final long BOUNCE_BYTES = 1 << 20;
  private static final int MAP_TYPE = 0xf;
  private static final int MAP_SHARED_VALIDATE = 3;

  private final Machine machine;
  private final int userId;
  private final long memlockLimit;
  private final FaultPlan faults = new FaultPlan();
  private final ProcessMemory memory = new ProcessMemory(faults);
  private final HugePages hugePages = new HugePages();
  private final CallingProcess calling;
  private final AtomicLong lastPid;
  private final Wakeups wakeups = new Wakeups();
  private final FileTable files = new FileTable();
  private final Set<IommufdContext> contexts = ConcurrentHashMap.newKeySet();
  private final Poll poll = new Poll(files, wakeups);
  private final Sysfs sysfs;
  private final Procfs procfs;
  private final Board board;
  private final VfioPci vfio;
  private final Selftest selftest;
  private final AtomicBoolean allowUnsafeInterrupts;
  private final AtomicBoolean closed = new AtomicBoolean();

  private SimKernel(Builder builder) {
    machine = builder.machine;
    userId = builder.userId;
    memlockLimit = builder.memlockLimit;
    boolean root = userId == 0;
    long pid = ProcessHandle.current().pid();
    var accounting = new Accounting(memlockLimit, root, root && !builder.memlockBinding);
    calling = new CallingProcess(new UserProcess(pid, memory, accounting));
    lastPid = new AtomicLong(pid);
    allowUnsafeInterrupts = new AtomicBoolean(builder.allowUnsafeInterrupts);
    board = new Board(machine, memory);
    vfio = new VfioPci(memory, files, accounting);
    selftest = new Selftest(new MockIommu(board.groups().size()), this::kernelMemory);
    var core = new DriverCore(board.functions(), drivers());
    sysfs = new Sysfs(root);
    procfs = new Procfs(sysfs.root().getFileSystem(), calling.get(), faults);
    core.boot();
    new SysfsView(sysfs, board, core, vfio).show(allowUnsafeInterrupts);
    new FaultKnobs(sysfs, faults).show();
  }

  private Memfd kernelMemory(long bytes) {
    var pages = new Memfd(memory, "kernel", 0);
    pages.truncate(bytes);
    return pages;
  }

  private List<PciDriver> drivers() {
    return List.of(
        new KernelDriver("pcieport", true),
        new KernelDriver("ahci", false),
        new KernelDriver("i801_smbus", false),
        new KernelDriver("e1000e", false),
        new VfioPciDriver(vfio));
  }

  /** A kernel on the default machine, for root, with Linux' default limits. */
  public static SimKernel create() {
    return builder().build();
  }

  /** A kernel on a machine. */
  public static SimKernel on(Machine machine) {
    return builder().machine(machine).build();
  }

  /** A kernel to be described. */
  public static Builder builder() {
    return new Builder();
  }

  /** What it runs on. */
  public Machine machine() {
    return machine;
  }

  /**
   * Where a function's DMA enters the IOMMU, for a device of one's own in its place.
   *
   * @throws IllegalArgumentException when the machine has no such function
   */
  public DmaPort dmaPort(PciAddress address) {
    return new DmaPort(function(address).device(), memory);
  }

  /**
   * The group of a function as the IOMMU core keeps it.
   *
   * @throws IllegalArgumentException when the machine has no such function
   */
  public IommuGroup group(PciAddress address) {
    return function(address).device().group();
  }

  /**
   * A function of the machine.
   *
   * @throws IllegalArgumentException when the machine has no such function
   */
  public PciFunction function(PciAddress address) {
    return board
        .function(address.toString())
        .orElseThrow(
            () -> new IllegalArgumentException(machine.name() + " has nothing at " + address));
  }

  /**
   * A second process, as {@code fork(2)} makes it: its parent is the one that calls, this very
   * process unless said otherwise.
   */
  public ForkedProcess fork() {
    var child = new ForkedProcess(calling, lastPid.incrementAndGet(), procfs::exited);
    procfs.forked(child.process());
    return child;
  }

  /** Lets its own allocations fail, for those who test what happens then. */
  public FaultInjection faults() {
    return new FaultInjection(faults);
  }

  /** How many descriptors are open. */
  public int openFiles() {
    return files.size();
  }

  /** What it holds at this moment, for those who look for leaks. */
  public Census census() {
    contexts.removeIf(IommufdContext::gone);
    int objects = contexts.stream().mapToInt(IommufdContext::objectCount).sum();
    long pinned = calling.get().accounting().pinnedByUser();
    return new Census(files.size(), contexts.size(), objects, pinned);
  }

  @Override
  public KernelIdentity identity() {
    return new KernelIdentity(KernelIdentity.SIM, RELEASE, machine.name());
  }

  @Override
  public Path sysfs() {
    return sysfs.root();
  }

  @Override
  public ProcessFacts process() {
    long pinned = calling.get().accounting().pinnedBytes();
    return new ProcessFacts(UserMemory.PAGE_SIZE, memlockLimit, pinned, userId);
  }

  /** A system call: its result, or the errno that it was refused with. */
  @FunctionalInterface
  private interface Call {
    long run();
  }

  /** Every system call goes through here: a refusal becomes −errno; anything else is a bug. */
  private long call(Call call) {
    if (closed.get()) {
      return -Errno.EBADF;
    }
    return answer(call);
  }

  private static long answer(Call call) {
    try {
      return call.run();
    } catch (Refused refused) {
      return -refused.errno();
    }
  }

  /** Something done with an open file. */
  @FunctionalInterface
  private interface Use {
    long with(OpenFile file);
  }

  /** Uses a file that was held for it. */
  private long use(OpenFile file, Use use) {
    try {
      return use.with(file);
    } finally {
      files.drop(file);
    }
  }

  @Override
  public int open(String path, int flags) {
    return (int) call(() -> openNode(path, flags));
  }

  private int openNode(String path, int flags) {
    if (path.equals(IOMMU_NODE)) {
      requireRoot();
      faults.alloc(); // The open file.
      faults.alloc(); // The context.
      var context =
          new IommufdContext(
              calling, files, wakeups, allowUnsafeInterrupts.get(), faults, selftest);
      contexts.removeIf(IommufdContext::gone);
      contexts.add(context);
      return files.open(new IommufdFile(context), flags);
    }
    if (path.startsWith(VFIO_NODES)) {
      int fd = files.open(openCdev(path.substring(VFIO_NODES.length())), flags);
      procfs.opened(fd, path);
      return fd;
    }
    if (path.equals(HugePagesFile.PATH)) {
      if (userId != 0 && flags != libc_h.O_RDONLY()) {
        throw Refused.with(Errno.EACCES);
      }
      return files.open(new HugePagesFile(hugePages), flags);
    }
    if (path.equals(CONTAINER_NODE)) {
      return files.open(vfio.openContainer(), flags);
    }
    if (path.startsWith(GROUP_NODES)) {
      int fd = files.open(openGroup(path.substring(GROUP_NODES.length())), flags);
      procfs.opened(fd, path);
      return fd;
    }
    if (path.startsWith(SYSFS)) {
      return files.open(sysfs.open(path, flags), flags);
    }
    if (path.startsWith(PROCFS)) {
      return files.open(procfs.open(path), flags);
    }
    throw Refused.with(Errno.ENOENT);
  }

  private OpenFile openGroup(String name) {
    for (VfioGroup group : vfio.groups()) {
      if (group.nodeName().equals(name)) {
        requireRoot();
        return group.open();
      }
    }
    throw Refused.with(Errno.ENOENT);
  }

  private OpenFile openCdev(String name) {
    for (VfioDevice device : vfio.devices()) {
      if (device.nodeName().equals(name)) {
        requireRoot();
        faults.alloc(); // The open file.
        faults.alloc(); // What VFIO keeps of it.
        return device.open();
      }
    }
    throw Refused.with(Errno.ENOENT);
  }

  /** Device nodes are root's unless somebody hands them over, which nobody does here. */
  private void requireRoot() {
    if (userId != 0) {
      throw Refused.with(Errno.EACCES);
    }
  }

  @Override
  public int close(int fd) {
    return (int)
        call(() -> {
          procfs.closed(fd);
          files.close(fd);
          wakeups.wake();
          return 0;
        });
  }

  @Override
  public int dup(int fd) {
    return (int)
        call(() -> {
          int second = files.dup(fd);
          procfs.duplicated(fd, second);
          return second;
        });
  }

  @Override
  public int ioctl(int fd, int request, MemorySegment argument) {
    requireNative(argument);
    return (int)
        call(() ->
            use(
                files.hold(fd),
                file -> lending(argument, () -> file.ioctl(request, argument.address()))));
  }

  @Override
  public long read(int fd, MemorySegment buffer) {
    requireNative(buffer);
    return call(() -> use(files.holdToRead(fd), file -> read(file, buffer)));
  }

  @Override
  public long write(int fd, MemorySegment buffer) {
    requireNative(buffer);
    return call(() -> use(files.holdToWrite(fd), file -> write(file, buffer)));
  }

  @Override
  public long pread(int fd, MemorySegment buffer, long offset) {
    requireNative(buffer);
    return call(() -> {
      requireOffset(offset);
      return use(files.holdToRead(fd), file -> fill(buffer, piece -> file.pread(piece, offset)));
    });
  }

  @Override
  public long pwrite(int fd, MemorySegment buffer, long offset) {
    requireNative(buffer);
    return call(() -> {
      requireOffset(offset);
      return use(files.holdToWrite(fd), file -> file.pwrite(drained(buffer), offset));
    });
  }

  private long read(OpenFile file, MemorySegment buffer) {
    return file instanceof RecordFile records
        ? lending(buffer, () -> records.read(buffer.address(), buffer.byteSize()))
        : fill(buffer, file::read);
  }

  private long write(OpenFile file, MemorySegment buffer) {
    return file instanceof RecordFile records
        ? lending(buffer, () -> records.write(buffer.address(), buffer.byteSize()))
        : file.write(drained(buffer));
  }

  /** Runs a call that reaches a buffer by its address. */
  private long lending(MemorySegment buffer, Call call) {
    @Nullable MemorySegment before = memory.lend(vouchedFor(buffer) ? buffer : MemorySegment.NULL);
    try {
      return call.run();
    } finally {
      memory.takeBack(before);
    }
  }

  /** Reads into a buffer, by way of one of the kernel's own where nobody vouches for it. */
  private long fill(MemorySegment buffer, ToLongFunction<MemorySegment> read) {
    if (vouchedFor(buffer)) {
      return read.applyAsLong(buffer);
    }
    try (var arena = Arena.ofConfined()) {
      MemorySegment own = arena.allocate(Math.min(buffer.byteSize(), BOUNCE_BYTES), Long.BYTES);
      long bytes = read.applyAsLong(own);
      memory.copyOut(buffer.address(), own.asSlice(0, bytes));
      return bytes;
    }
  }

  /** What a buffer holds, in one of the kernel's own where nobody vouches for it. */
  private MemorySegment drained(MemorySegment buffer) {
    if (vouchedFor(buffer)) {
      return buffer;
    }
    var own = Arena.ofAuto().allocate(Math.min(buffer.byteSize(), BOUNCE_BYTES), Long.BYTES);
    memory.copyIn(buffer.address(), own);
    return own;
  }

  /**
   * A segment of an arena is what its arena gave; one made of a bare address may be nothing at all,
   * and is reached as any address is.
   */
  private static boolean vouchedFor(MemorySegment segment) {
    return segment.byteSize() == 0 || !segment.scope().equals(Arena.global().scope());
  }

  /** What a host's kernel could not be given is not taken here either. */
  private static void requireNative(MemorySegment segment) {
    if (!segment.isNative()) {
      throw new IllegalArgumentException("a heap segment has no address to give a kernel");
    }
  }

  private static void requireOffset(long offset) {
    if (offset < 0) {
      throw Refused.with(Errno.EINVAL);
    }
  }

  @Override
  public int poll(MemorySegment pollfds, int timeoutMillis) {
    requireNative(pollfds);
    return (int) call(() -> poll.poll(pollfds, timeoutMillis));
  }

  @Override
  public int eventfd(int initial, int flags) {
    return (int)
        call(() -> {
          faults.alloc(); // The counter.
          faults.alloc(); // The open file.
          return files.open(new EventFd(wakeups, initial, flags), libc_h.O_RDWR());
        });
  }

  @Override
  public int memfd(String name, int flags) {
    return (int)
        call(() -> {
          faults.alloc(); // The name.
          faults.alloc(); // The inode.
          faults.alloc(); // The open file.
          return files.open(new Memfd(memory, name, flags), libc_h.O_RDWR());
        });
  }

  @Override
  public int ftruncate(int fd, long bytes) {
    return (int)
        call(() -> {
          requireOffset(bytes);
          OpenFile file = files.hold(fd);
          return use(
              file,
              f -> {
                if (!files.writable(fd)) {
                  throw Refused.with(Errno.EINVAL);
                }
                f.truncate(bytes);
                return 0;
              });
        });
  }

  @Override
  public long mmap(long bytes, int protection, int flags, int fd, long offset) {
    return call(() -> {
      if (offset % UserMemory.PAGE_SIZE != 0) {
        throw Refused.with(Errno.EINVAL);
      }
      if ((flags & libc_h.MAP_ANONYMOUS()) != 0) {
        return mapAnonymous(bytes, protection, flags);
      }
      OpenFile file = files.hold(fd);
      try {
        return mapFile(file, fd, bytes, protection, flags, offset);
      } catch (Refused refused) {
        files.drop(file);
        throw refused;
      }
    });
  }

  private long mapAnonymous(long bytes, int protection, int flags) {
    int type = flags & MAP_TYPE;
    long length = wholePages(bytes);
    if (type != libc_h.MAP_PRIVATE() && type != libc_h.MAP_SHARED()) {
      throw Refused.with(Errno.EINVAL);
    }
    if ((flags & libc_h.MAP_HUGETLB()) != 0) {
      return memory.mapHuge(length, Protection.of(protection), hugePages);
    }
    return memory.mapAnonymous(length, Protection.of(protection));
  }

  private long mapFile(OpenFile file, int fd, long bytes, int protection, int flags, long offset) {
    long length = wholePages(bytes);
    if (offset < 0 || offset > Long.MAX_VALUE - length) {
      throw Refused.with(Errno.EOVERFLOW);
    }
    int type = flags & MAP_TYPE;
    boolean shared = type == libc_h.MAP_SHARED() || type == MAP_SHARED_VALIDATE;
    if (!shared && type != libc_h.MAP_PRIVATE()) {
      throw Refused.with(Errno.EINVAL);
    }
    boolean writes = shared && (protection & libc_h.PROT_WRITE()) != 0;
    if (!files.readable(fd) || (writes && !files.writable(fd))) {
      throw Refused.with(Errno.EACCES);
    }
    MemorySegment mapped = file.mmap(length, protection, flags, offset);
    Runnable free =
        () -> {
          file.unmapped(mapped);
          files.drop(file);
        };
    boolean pages = file instanceof MappableFile;
    return shared && pages
        ? memory.mapShared(mapped, Protection.of(protection), file, offset, free)
        : memory.map(mapped, Protection.of(protection), pages, free);
  }

  private static long wholePages(long bytes) {
    if (bytes == 0) {
      throw Refused.with(Errno.EINVAL);
    }
    if (bytes < 0 || bytes > Long.MAX_VALUE - UserMemory.PAGE_SIZE) {
      throw Refused.with(Errno.ENOMEM);
    }
    return (bytes + UserMemory.PAGE_SIZE - 1) & -UserMemory.PAGE_SIZE;
  }

  @Override
  public int munmap(long address, long bytes) {
    // Memory outlives the kernel, as it does a host's: it is the process' own.
    return (int)
        answer(() -> {
          memory.unmap(address, bytes);
          return 0;
        });
  }

  /**
   * Ends the kernel: every descriptor is closed, devices' registers are unmapped, who waits is
   * interrupted, and all further calls answer EBADF. Memory that was mapped stays until it is
   * unmapped, which still works.
   */
  @Override
  public void close() {
    if (closed.getAndSet(true)) {
      return;
    }
    wakeups.end();
    files.closeAll();
    memory.unmapDevices();
    sysfs.close();
    memory.close();
  }

  /** Describes a kernel. */
  public static final class Builder {

    private Machine machine = Machine.named(Machine.DEFAULT);
    private long memlockLimit = DEFAULT_MEMLOCK;
    private int userId;
    private boolean memlockBinding;
    private boolean allowUnsafeInterrupts;

    private Builder() {}

    /** What it runs on. */
    public Builder machine(Machine runsOn) {
      machine = runsOn;
      return this;
    }

    /**
     * {@code RLIMIT_MEMLOCK} of the calling process, in bytes; {@link ProcessFacts#UNLIMITED} for
     * none. Root is not limited by it, unless {@link #memlockBinding} says so.
     */
    public Builder memlockLimit(long bytes) {
      memlockLimit = bytes;
      return this;
    }

    /**
     * Whether the limit binds root too, as it does where root lacks {@code CAP_IPC_LOCK}: in most
     * containers.
     */
    public Builder memlockBinding(boolean binding) {
      memlockBinding = binding;
      return this;
    }

    /**
     * The effective user id of the calling process; 0, as unless said, has every capability. What
     * another user may open is decided once, when it opens.
     */
    public Builder userId(int id) {
      userId = id;
      return this;
    }

    /** The module parameter: bind devices whose interrupts are not isolated. */
    public Builder allowUnsafeInterrupts(boolean allow) {
      allowUnsafeInterrupts = allow;
      return this;
    }

    /** The kernel, running. */
    public SimKernel build() {
      return new SimKernel(this);
    }
  }

  /** Names of the edu functions, for messages. */
  @Override
  public String toString() {
    var edus = new ArrayList<String>();
    machine.edus().forEach(address -> edus.add(address.toString()));
    return identity() + " with " + String.join(", ", edus);
  }
}
