// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.KernelIdentity;
import io.iommufd4j.kernel.ProcessFacts;
import io.iommufd4j.sim.fs.EventFd;
import io.iommufd4j.sim.fs.FileTable;
import io.iommufd4j.sim.fs.HugePagesFile;
import io.iommufd4j.sim.fs.Memfd;
import io.iommufd4j.sim.fs.Mmap;
import io.iommufd4j.sim.fs.OpenFile;
import io.iommufd4j.sim.fs.Poll;
import io.iommufd4j.sim.fs.Procfs;
import io.iommufd4j.sim.fs.ReadWrite;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.machine.BootSettings;
import io.iommufd4j.sim.mm.Accounting;
import io.iommufd4j.sim.mm.CallingProcess;
import io.iommufd4j.sim.mm.HugePages;
import io.iommufd4j.sim.mm.ProcessMemory;
import io.iommufd4j.sim.mm.UserMemory;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A kernel in this process that answers requests as Linux 7.3.4 does, or the release that its
 * {@link Machine} names. It keeps no static state: two of them do not see each other. The calling
 * process is this very one, and so is its memory.
 *
 * <p>Two kernels, or a kernel and the host's own, give out descriptors by themselves: a number
 * means something only to the kernel it came from.
 */
public final class SimKernel implements Kernel {

  /** The release that a machine has unless it names another. */
  public static final String RELEASE = "7.3.4";

  /** {@code RLIMIT_MEMLOCK} of a process that nobody limited otherwise. */
  public static final long DEFAULT_MEMLOCK = 8L << 20;

  private static final String DEV = "/dev/";
  private static final String SYSFS = "/sys/";
  private static final String PROCFS = "/proc/";

  private final Machine machine;
  private final int userId;
  private final BootedSystem system;
  private final ProcessMemory memory;
  private final FileTable files;
  private final Procfs procfs;
  private final CallingProcess calling;
  private final HugePages hugePages = new HugePages();
  private final ReadWrite readWrite;
  private final Mmap mmap;
  private final Poll poll;
  private final ProcessCalls processCalls;
  private final SimControl control;
  private final OutsideProcesses outside;
  private final AtomicBoolean closed = new AtomicBoolean();

  private SimKernel(Builder builder) {
    machine = builder.machine;
    userId = builder.userId;
    boolean root = userId == 0;
    BootSettings settings = machine.description().settings();
    long limit =
        builder.memlockLimit == null
            ? settings.memlock().orElse(DEFAULT_MEMLOCK)
            : builder.memlockLimit;
    var accounting = new Accounting(limit, root, root && !builder.memlockBinding);
    boolean unsafe = builder.allowUnsafeInterrupts || settings.allowUnsafeInterrupts();
    system = new BootedSystem(machine, root, accounting, unsafe);
    hugePages.resize(settings.hugePages());
    memory = system.memory;
    files = system.files;
    procfs = system.procfs;
    calling = system.calling;
    readWrite = new ReadWrite(files, memory);
    mmap = new Mmap(files, memory, hugePages);
    poll = new Poll(files, system.wakeups);
    files.onInstall(this::show);
    processCalls = new ProcessCalls(system);
    control = new SimControl(this, system);
    outside = new OutsideProcesses(this, system);
  }

  /** {@return a kernel on the default machine, for root, with Linux' default limits} */
  public static SimKernel create() {
    return builder().build();
  }

  /**
   * {@return a kernel on a machine}
   *
   * @param machine a description, which several kernels may share
   */
  public static SimKernel on(Machine machine) {
    return builder().machine(machine).build();
  }

  /**
   * {@return the builder of a kernel on the default machine, for root, with Linux' default limits}
   */
  public static Builder builder() {
    return new Builder();
  }

  /** {@return the machine that it runs on} */
  public Machine machine() {
    return machine;
  }

  /** {@return the control that a test has of it} */
  public SimControl control() {
    return control;
  }

  /** {@return the processes outside of this JVM that it has, for those who supervise them} */
  public OutsideProcesses outside() {
    return outside;
  }

  /** A request gave a descriptor of a file that may be shown. */
  private void show(OpenFile file, int fd) {
    if (!file.shownAs().isEmpty()) {
      int flags = libc_h.O_RDWR() | libc_h.O_CLOEXEC();
      procfs.opened(calling.get(), fd, file.shownAs(), flags, file.info());
    }
  }

  @Override
  public KernelIdentity identity() {
    return new KernelIdentity(KernelIdentity.SIM, machine.release(), machine.name());
  }

  @Override
  public Path sysfs() {
    return system.sysfs.root();
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
    if (path.startsWith(DEV) && system.nodes.shown(path)) {
      procfs.opened(calling.get(), fd, path, flags, file.info());
    }
    return fd;
  }

  /** Opens the file that a path leads to. */
  OpenFile lookup(String path, int flags) {
    if (path.startsWith(DEV)) {
      return system.nodes.open(path);
    }
    if (path.equals(HugePagesFile.PATH)) {
      if (userId != 0 && flags != libc_h.O_RDONLY()) {
        throw Refused.with(Errno.EACCES);
      }
      return new HugePagesFile(hugePages);
    }
    if (path.startsWith(SYSFS)) {
      return system.sysfs.open(path, flags);
    }
    if (path.startsWith(PROCFS)) {
      return procfs.open(path);
    }
    throw Refused.with(Errno.ENOENT);
  }

  @Override
  public int close(int fd) {
    return (int)
        call(() -> {
          procfs.closed(calling.get(), fd);
          files.close(fd);
          system.wakeups.wake();
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
      FileTable.Description open = files.holdOpen(fd);
      MemorySegment before = memory.lend(argument);
      try {
        return open.file().ioctl(request, argument.address());
      } finally {
        memory.endLending(before);
        files.drop(open);
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

  /** Rejects a heap segment, as it could not be given to a host's kernel either. */
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
          system.faults.alloc(); // The counter.
          system.faults.alloc(); // The open file.
          return files.open(new EventFd.Counting(system.wakeups, initial, flags), libc_h.O_RDWR());
        });
  }

  @Override
  public int memfd(String name, int flags) {
    return (int)
        call(() -> {
          system.faults.alloc(); // The name.
          system.faults.alloc(); // The inode.
          system.faults.alloc(); // The open file.
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

  @Override
  public int pidfd(long pid) {
    return (int) call(() -> processCalls.open(pid));
  }

  @Override
  public int pidfdGetfd(int pidfd, int fd) {
    return (int) call(() -> processCalls.get(pidfd, fd));
  }

  @Override
  public int socketPair(int[] pair) {
    return (int) call(() -> processCalls.pair(pair));
  }

  /** No program of a simulated host listens on a socket: {@code ENOENT}. */
  @Override
  public int connect(String path) {
    return Errno.ENOENT.negated();
  }

  @Override
  public int sendDescriptors(int socket, int[] fds) {
    return (int) call(() -> processCalls.send(socket, fds));
  }

  @Override
  public int receiveDescriptors(int socket, int[] fds) {
    return (int) call(() -> processCalls.receive(socket, fds));
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
    system.end();
  }

  /** Describes a kernel. */
  public static final class Builder {

    private Machine machine = Machine.named(Machine.DEFAULT);
    private @Nullable Long memlockLimit;
    private int userId;
    private boolean memlockBinding;
    private boolean allowUnsafeInterrupts;

    private Builder() {}

    /**
     * Sets the machine that it runs on.
     *
     * @param runsOn a description, which several kernels may share
     * @return this
     */
    public Builder machine(Machine runsOn) {
      machine = runsOn;
      return this;
    }

    /**
     * Sets {@code RLIMIT_MEMLOCK} of the calling process. Root is not limited by it, unless {@link
     * #memlockBinding} says so.
     *
     * @param bytes {@link ProcessFacts#UNLIMITED} for none
     * @return this
     */
    public Builder memlockLimit(long bytes) {
      memlockLimit = bytes;
      return this;
    }

    /**
     * Sets whether the limit binds root too, as it does where root lacks {@code CAP_IPC_LOCK}: in
     * most containers.
     *
     * @param binding true to bind root
     * @return this
     */
    public Builder memlockBinding(boolean binding) {
      memlockBinding = binding;
      return this;
    }

    /**
     * Sets the effective user id of the calling process. What another user than root may open is
     * decided once, when it opens.
     *
     * @param id 0, the default, has every capability
     * @return this
     */
    public Builder userId(int id) {
      userId = id;
      return this;
    }

    /**
     * Sets iommufd's module parameter {@code allow_unsafe_interrupts}.
     *
     * @param allow true to bind devices whose interrupts are not isolated
     * @return this
     */
    public Builder allowUnsafeInterrupts(boolean allow) {
      allowUnsafeInterrupts = allow;
      return this;
    }

    /** {@return the kernel, running} */
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
