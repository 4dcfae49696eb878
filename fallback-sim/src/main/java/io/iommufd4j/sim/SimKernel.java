package io.iommufd4j.sim;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.KernelIdentity;
import io.iommufd4j.kernel.ProcessFacts;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.sim.fs.DeviceNumber;
import io.iommufd4j.sim.fs.Devtmpfs;
import io.iommufd4j.sim.fs.EventFd;
import io.iommufd4j.sim.fs.FileTable;
import io.iommufd4j.sim.fs.HugePagesFile;
import io.iommufd4j.sim.fs.Memfd;
import io.iommufd4j.sim.fs.Mmap;
import io.iommufd4j.sim.fs.OpenFile;
import io.iommufd4j.sim.fs.Poll;
import io.iommufd4j.sim.fs.Procfs;
import io.iommufd4j.sim.fs.ReadWrite;
import io.iommufd4j.sim.fs.Sysfs;
import io.iommufd4j.sim.fs.Wakeups;
import io.iommufd4j.sim.iommu.DmaPort;
import io.iommufd4j.sim.iommu.IommuGroup;
import io.iommufd4j.sim.iommufd.IommufdContext;
import io.iommufd4j.sim.iommufd.IommufdFile;
import io.iommufd4j.sim.iommufd.command.Commands;
import io.iommufd4j.sim.lib.FaultPlan;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.Accounting;
import io.iommufd4j.sim.mm.CallingProcess;
import io.iommufd4j.sim.mm.HugePages;
import io.iommufd4j.sim.mm.ProcessMemory;
import io.iommufd4j.sim.mm.UserMemory;
import io.iommufd4j.sim.mm.UserProcess;
import io.iommufd4j.sim.pci.DriverCore;
import io.iommufd4j.sim.pci.IgbDriver;
import io.iommufd4j.sim.pci.KernelDriver;
import io.iommufd4j.sim.pci.PciDriver;
import io.iommufd4j.sim.pci.PciFunction;
import io.iommufd4j.sim.pci.SriovFunctions;
import io.iommufd4j.sim.pci.VmdDriver;
import io.iommufd4j.sim.selftest.MockIommu;
import io.iommufd4j.sim.selftest.Selftest;
import io.iommufd4j.sim.vfio.VfioPci;
import io.iommufd4j.sim.vfio.VfioPciDriver;
import io.iommufd4j.sim.vfio.VfioVariantDriver;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;

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

  /** The name of this very process in {@code /proc}. */
  private static final String THIS_PROGRAM = "java";

  private static final String DEV = "/dev/";
  private static final String SYSFS = "/sys/";
  private static final String PROCFS = "/proc/";

  private final Machine machine;
  private final int userId;
  private final FaultPlan faults = new FaultPlan();
  private final ProcessMemory memory = new ProcessMemory(faults);
  private final HugePages hugePages = new HugePages();
  private final CallingProcess calling;
  private final Wakeups wakeups = new Wakeups();
  private final FileTable files;
  private final Set<IommufdContext> contexts = ConcurrentHashMap.newKeySet();
  private final ReadWrite readWrite;
  private final Mmap mmap;
  private final Poll poll;
  private final Devtmpfs dev;
  private final DeviceNodes nodes;
  private final Sysfs sysfs;
  private final Procfs procfs;
  private final Processes processes;
  private final Board board;
  private final VfioPci vfio;
  private final Selftest selftest;
  private final AtomicBoolean allowUnsafeInterrupts;
  private final AtomicBoolean closed = new AtomicBoolean();

  private SimKernel(Builder builder) {
    machine = builder.machine;
    userId = builder.userId;
    boolean root = userId == 0;
    long pid = ProcessHandle.current().pid();
    var accounting = new Accounting(builder.memlockLimit, root, root && !builder.memlockBinding);
    calling = new CallingProcess(new UserProcess(pid, memory, accounting));
    files = new FileTable(calling);
    readWrite = new ReadWrite(files, memory);
    mmap = new Mmap(files, memory, hugePages);
    poll = new Poll(files, wakeups);
    allowUnsafeInterrupts = new AtomicBoolean(builder.allowUnsafeInterrupts);
    board = new Board(machine, memory);
    vfio = new VfioPci(memory, files, accounting, board.groups());
    vfio.parameters().unsafeNoIommu().set(machine.unsafeNoIommu());
    selftest = new Selftest(new MockIommu(board.groups()), this::kernelMemory);
    sysfs = new Sysfs(root);
    dev = new Devtmpfs(sysfs.root().getFileSystem());
    nodes = new DeviceNodes(dev, root, faults, vfio, this::newIommufd);
    var virtualFunctions = new SriovFunctions();
    var vmd = new VmdDriver();
    var core = new DriverCore(board.functions(), drivers(virtualFunctions, vmd));
    core.autoprobe(virtualFunctions::autoprobes);
    procfs =
        new Procfs(
            sysfs.root().getFileSystem(),
            calling.get(),
            List.of(THIS_PROGRAM),
            faults,
            memory::maps);
    processes = new Processes(calling, files, memory, procfs, wakeups);
    dev.onRemove(procfs::deleted);
    files.onInstall(this::show);
    var view = new SysfsView(sysfs, dev, board, core, vfio);
    new SriovSlots(board, core, view, new SriovView(sysfs, core)).show(virtualFunctions);
    core.boot();
    view.show(allowUnsafeInterrupts);
    new InterruptChips(sysfs).show(machine);
    board
        .vmdDomains()
        .forEach((function, behind) ->
            vmd.leadsTo(function, new VmdDomain(board, core, view, function, behind)));
    new FaultKnobs(sysfs, faults).show();
  }

  private Memfd kernelMemory(long bytes) {
    var pages = new Memfd(memory, "kernel", 0);
    pages.truncate(bytes);
    return pages;
  }

  private List<PciDriver> drivers(SriovFunctions virtualFunctions, VmdDriver vmd) {
    return List.of(
        new KernelDriver("pcieport", true),
        new KernelDriver("ahci", false),
        new KernelDriver("i801_smbus", false),
        new KernelDriver("e1000e", false),
        new KernelDriver("nvme", false),
        new KernelDriver("virtio-pci", false),
        new KernelDriver("igbvf", false),
        new IgbDriver(new KernelDriver(IgbDriver.NAME, false), virtualFunctions),
        vmd,
        new VfioPciDriver(vfio, virtualFunctions),
        new VfioVariantDriver("virtio_vfio_pci", vfio));
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
    return processes.fork();
  }

  /**
   * Another program of the host, which has nothing open.
   *
   * @param command its name, as {@code qemu-system-x86_64}
   * @param arguments as {@code /proc/PID/cmdline} shows them
   */
  public HostProcess start(String command, String... arguments) {
    return processes.start(this, Stream.concat(Stream.of(command), Stream.of(arguments)).toList());
  }

  /**
   * {@code mknod(2)} of a character device, as containers have nodes of their own. What may be
   * opened is what there is a driver for: iommufd and VFIO, by whatever number {@code dev} shows in
   * sysfs.
   *
   * @param path absolute, below {@code /dev}
   */
  public void mknod(String path, int major, int minor) {
    if (!path.startsWith(DEV)) {
      throw new IllegalArgumentException(path + ": nodes are below " + DEV);
    }
    dev.add(path, new DeviceNumber(major, minor));
  }

  /**
   * {@code mount(2)}: the disk of a name, as {@code nvme0n1}, has a file system that is in use, as
   * {@code /proc/self/mountinfo} shows.
   *
   * @throws IllegalArgumentException when there is no such disk
   */
  public void mount(String disk, String point) {
    try {
      String number = Files.readString(sysfs.root().resolve("class/block/" + disk + "/dev"));
      procfs.mounted(number.strip(), point, DEV + disk);
    } catch (IOException e) {
      throw new IllegalArgumentException("no disk " + disk, e);
    }
  }

  /** A request gave a descriptor of a file that may be shown. */
  private void show(OpenFile file, int fd) {
    if (!file.shownAs().isEmpty()) {
      int flags = libc_h.O_RDWR() | libc_h.O_CLOEXEC();
      procfs.opened(calling.get(), fd, file.shownAs(), flags, file.info());
    }
  }

  /** Lets its own allocations fail, for those who test what happens then. */
  public FaultInjection faults() {
    return new FaultInjection(faults);
  }

  /**
   * The calling process sets its {@code RLIMIT_MEMLOCK} and gives up {@code CAP_IPC_LOCK}, which
   * would lift it; without a limit a root process takes the capability back. What is pinned already
   * stays counted as it was.
   *
   * @param bytes the limit, or {@link ProcessFacts#UNLIMITED}
   */
  public void limitMemlock(long bytes) {
    calling.get().accounting().limit(bytes, userId == 0 && bytes == ProcessFacts.UNLIMITED);
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
    Accounting accounting = calling.get().accounting();
    return new ProcessFacts(
        UserMemory.PAGE_SIZE, accounting.limitBytes(), accounting.pinnedBytes(), userId);
  }

  /** A system call: its result, or the errno that it was refused with. */
  @FunctionalInterface
  private interface Call {
    long run();
  }

  /** Every system call goes through here: a refusal becomes −errno; anything else is a bug. */
  private long call(Call call) {
    if (closed.get()) {
      return Errno.EBADF.negated();
    }
    return answer(call);
  }

  private static long answer(Call call) {
    try {
      return call.run();
    } catch (Refused refused) {
      return refused.errno().negated();
    }
  }

  @Override
  public int open(String path, int flags) {
    return (int) call(() -> openPath(path, flags));
  }

  private int openPath(String path, int flags) {
    OpenFile file = lookup(path, flags);
    int fd = files.open(file, flags);
    if (path.startsWith(DEV) && nodes.ofDevice(path)) {
      procfs.opened(calling.get(), fd, path, flags, file.info());
    }
    return fd;
  }

  private OpenFile lookup(String path, int flags) {
    if (path.startsWith(DEV)) {
      return nodes.open(path);
    }
    if (path.equals(HugePagesFile.PATH)) {
      if (userId != 0 && flags != libc_h.O_RDONLY()) {
        throw Refused.with(Errno.EACCES);
      }
      return new HugePagesFile(hugePages);
    }
    if (path.startsWith(SYSFS)) {
      return sysfs.open(path, flags);
    }
    if (path.startsWith(PROCFS)) {
      return procfs.open(path);
    }
    throw Refused.with(Errno.ENOENT);
  }

  private IommufdFile newIommufd() {
    boolean unsafe = allowUnsafeInterrupts.get();
    var context = new IommufdContext(calling, files, wakeups, unsafe, faults);
    contexts.removeIf(IommufdContext::gone);
    contexts.add(context);
    return new IommufdFile(context, new Commands(context, selftest));
  }

  @Override
  public int close(int fd) {
    return (int)
        call(() -> {
          procfs.closed(calling.get(), fd);
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
          procfs.duplicated(calling.get(), fd, second);
          return second;
        });
  }

  @Override
  public int ioctl(int fd, int request, MemorySegment argument) {
    requireNative(argument);
    if (closed.get()) {
      return Errno.EBADF.negated();
    }
    // Without a closure: this is the way that allocates nothing.
    try {
      OpenFile file = files.hold(fd);
      MemorySegment before = memory.lend(argument);
      try {
        return file.ioctl(request, argument.address());
      } finally {
        memory.lend(before);
        files.drop(file);
      }
    } catch (Refused refused) {
      return refused.errno().negated();
    }
  }

  @Override
  public long read(int fd, MemorySegment buffer) {
    requireNative(buffer);
    return call(() -> readWrite.read(fd, buffer));
  }

  @Override
  public long write(int fd, MemorySegment buffer) {
    requireNative(buffer);
    return call(() -> readWrite.write(fd, buffer));
  }

  @Override
  public long pread(int fd, MemorySegment buffer, long offset) {
    requireNative(buffer);
    return call(() -> readWrite.pread(fd, buffer, offset));
  }

  @Override
  public long pwrite(int fd, MemorySegment buffer, long offset) {
    requireNative(buffer);
    return call(() -> readWrite.pwrite(fd, buffer, offset));
  }

  /** What a host's kernel could not be given is not taken here either. */
  private static void requireNative(MemorySegment segment) {
    if (!segment.isNative()) {
      throw new IllegalArgumentException("a heap segment has no address to give a kernel");
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
          readWrite.truncate(fd, bytes);
          return 0;
        });
  }

  @Override
  public long mmap(long bytes, int protection, int flags, int fd, long offset) {
    return call(() -> {
      long address = mmap.map(bytes, protection, flags, fd, offset);
      boolean huge = (flags & libc_h.MAP_HUGETLB()) != 0;
      long unit = huge ? HugePages.BYTES : UserMemory.PAGE_SIZE;
      int file = (flags & libc_h.MAP_ANONYMOUS()) == 0 ? fd : -1;
      long end = address + (bytes + unit - 1) / unit * unit;
      procfs.mapped(calling.get(), address, end, protection, flags, file, offset);
      return address;
    });
  }

  @Override
  public int munmap(long address, long bytes) {
    // Memory outlives the kernel, as it does a host's: it is the process' own.
    return (int)
        answer(() -> {
          memory.unmap(address, bytes);
          long unit = UserMemory.PAGE_SIZE;
          procfs.unmapped(calling.get(), address, address + (bytes + unit - 1) / unit * unit);
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
    procfs.end();
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
