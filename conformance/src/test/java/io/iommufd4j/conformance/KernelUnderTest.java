// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.differential.MachineUnderTest;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.sim.SimKernel;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * A kernel for one test, real or simulated, and everything the test opens on it. All of it is
 * closed after the test, newest first.
 */
public final class KernelUnderTest implements AutoCloseable {

  private static final int READ_WRITE = libc_h.O_RDWR() | libc_h.O_CLOEXEC();

  private final Kernel kernel;
  private final MachineUnderTest machine;
  private final Arena arena = Arena.ofShared();
  private final Deque<Handle> opened = new ArrayDeque<>();

  /**
   * A kernel for one test.
   *
   * @param after what is left to do when all that the test opened is given back
   */
  public KernelUnderTest(Kernel kernel, MachineUnderTest machine, Handle after) {
    this.kernel = kernel;
    this.machine = machine;
    opened.push(after);
  }

  /** The kernel itself. */
  public Kernel kernel() {
    return kernel;
  }

  /** True if it is older than Linux 7.3, so that some answers are others. */
  public boolean older() {
    return Needs.older(kernel);
  }

  /** Its devices. */
  public MachineUnderTest machine() {
    return machine;
  }

  /** Native memory for as long as the test runs. */
  public Arena arena() {
    return arena;
  }

  /** Another process, which exits when the test is over if not before. */
  public OtherProcess fork() {
    return keep(
        kernel instanceof SimKernel simulated
            ? new SimulatedProcess(simulated.control().fork())
            : ChildProcess.start());
  }

  /** Another program, which exits when the test is over if not before. */
  public OtherProgram program() {
    return keep(
        kernel instanceof SimKernel simulated
            ? new SimulatedProgram(simulated.control().start("java"))
            : ChildProcess.start());
  }

  /** Opens {@code /dev/iommu}. */
  public OpenIommufd iommufd() {
    int fd = Answers.ok(kernel.open("/dev/iommu", READ_WRITE));
    return keep(new OpenIommufd(kernel, arena, fd));
  }

  /** Another descriptor of an open {@code /dev/iommu}. */
  public OpenIommufd duplicate(OpenIommufd iommufd) {
    return keep(new OpenIommufd(kernel, arena, Answers.ok(kernel.dup(iommufd.fd()))));
  }

  /** Opens a VFIO device. */
  public OpenDevice device(PciAddress address) {
    int fd = Answers.ok(kernel.open(cdev(address), READ_WRITE));
    return keep(new OpenDevice(kernel, arena, address, fd));
  }

  /** A VFIO device whose descriptor was not obtained by opening its node. */
  public OpenDevice device(PciAddress address, int fd) {
    return keep(new OpenDevice(kernel, arena, address, fd));
  }

  /** A device on a new iommufd. */
  public BoundDevice bound(PciAddress address) {
    return bound(iommufd(), address);
  }

  /** A device on an iommufd. */
  public BoundDevice bound(OpenIommufd iommufd, PciAddress address) {
    OpenDevice device = device(address);
    return new BoundDevice(iommufd, device, Answers.ok(device.bind(iommufd)));
  }

  /** The DMA engine of an open device that is bound. */
  public EduDma dma(OpenDevice device) {
    return keep(new EduDma(device));
  }

  /** Memory for reading and writing. */
  public UserPages pages(long count) {
    return keep(UserPages.anonymous(kernel, count, UserPages.READ | UserPages.WRITE));
  }

  /** Memory for reading and writing that a child would share. */
  public UserPages sharedPages(long count) {
    return keep(UserPages.shared(kernel, count));
  }

  /** Makes the kernel's pool of huge pages large enough for so many of 2 MiB. */
  public void holdHugePages(long count) {
    HugePagePool.hold(kernel, count);
  }

  /** Huge pages for reading and writing; the kernel's pool is made large enough. */
  public UserPages hugePages(long count) {
    HugePagePool.hold(kernel, count);
    return keep(UserPages.huge(kernel, count));
  }

  /** Memory for reading only. */
  public UserPages readOnlyPages(long count) {
    return keep(UserPages.anonymous(kernel, count, UserPages.READ));
  }

  /**
   * A page that is followed by an address where nothing is mapped: of many pages one that lies
   * right below another, which is then given back.
   */
  public UserPages pageBeforeNothing() {
    var pages = new TreeMap<Long, UserPages>();
    for (int i = 0; i < 16; i++) {
      UserPages page = pages(1);
      pages.put(page.address(), page);
    }
    for (UserPages page : pages.values()) {
      UserPages next = pages.get(page.address() + UserPages.PAGE);
      if (next != null) {
        next.close();
        return page;
      }
    }
    throw new AssertionError("no two pages came to lie side by side");
  }

  /**
   * A page that user space wrote while it could, and that nobody can write to any more: a kernel
   * reads a block there and cannot answer into it.
   */
  public MemorySegment readOnly(Consumer<MemorySegment> writer) {
    int file = Answers.ok(kernel.memfd("conformance", 0));
    Answers.ok(kernel.ftruncate(file, UserPages.PAGE));
    UserPages writable = UserPages.ofFile(kernel, file, 1, UserPages.READ | UserPages.WRITE);
    writer.accept(writable.memory());
    writable.close();
    UserPages page = keep(UserPages.ofFile(kernel, file, 1, UserPages.READ));
    Answers.ok(kernel.close(file));
    return MemorySegment.ofAddress(page.address());
  }

  /** Closes a descriptor when the test is over. */
  public void closeAfter(int descriptor) {
    opened.push(() -> Answers.ok(kernel.close(descriptor)));
  }

  /** An eventfd that has counted nothing. */
  public OpenEventFd eventFd() {
    return eventFd(0);
  }

  /** An eventfd that has counted so much. */
  public OpenEventFd eventFd(long initial) {
    return keep(new OpenEventFd(kernel, arena, initial));
  }

  /** A descriptor of anonymous memory. */
  public int memfd(long pages) {
    int file = Answers.ok(kernel.memfd("conformance", 0));
    opened.push(() -> Answers.ok(kernel.close(file)));
    Answers.ok(kernel.ftruncate(file, pages * UserPages.PAGE));
    return file;
  }

  /** The first pages of a file. */
  public UserPages pagesOf(int file, long count) {
    return keep(UserPages.ofFile(kernel, file, count, UserPages.READ | UserPages.WRITE));
  }

  /** A page-aligned address where nothing is mapped. */
  public long badAddress() {
    UserPages gone = UserPages.anonymous(kernel, 1, UserPages.READ);
    gone.close();
    return gone.address();
  }

  private String cdev(PciAddress address) {
    return Host.of(kernel).device(address).cdevPath().orElseThrow();
  }

  /** Gives something back after the test, before what was opened earlier. */
  public <T extends Handle> T keep(T handle) {
    opened.push(handle);
    return handle;
  }

  @Override
  public void close() {
    var failures = new AssertionError("the test's handles were not given back");
    while (!opened.isEmpty()) {
      try {
        opened.pop().close();
      } catch (AssertionError | RuntimeException e) {
        failures.addSuppressed(e);
      }
    }
    arena.close();
    if (failures.getSuppressed().length > 0) {
      throw failures;
    }
  }
}
