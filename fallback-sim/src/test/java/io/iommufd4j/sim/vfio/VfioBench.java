// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.vfio;

import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_IOAS_ALLOC;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_IOAS_MAP;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_IOAS_MAP_FIXED_IOVA;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_IOAS_MAP_READABLE;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_IOAS_MAP_WRITEABLE;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_DEVICE_ATTACH_IOMMUFD_PT;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_DEVICE_BIND_IOMMUFD;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_DEVICE_DETACH_IOMMUFD_PT;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.bindings.iommufd.iommu_ioas_alloc;
import io.iommufd4j.bindings.iommufd.iommu_ioas_map;
import io.iommufd4j.bindings.vfio.vfio_device_attach_iommufd_pt;
import io.iommufd4j.bindings.vfio.vfio_device_bind_iommufd;
import io.iommufd4j.bindings.vfio.vfio_device_detach_iommufd_pt;
import io.iommufd4j.kernel.ProcessFacts;
import io.iommufd4j.sim.driver.IommuPreset;
import io.iommufd4j.sim.fs.EventFd;
import io.iommufd4j.sim.fs.FileTable;
import io.iommufd4j.sim.fs.OpenFile;
import io.iommufd4j.sim.fs.Wakeups;
import io.iommufd4j.sim.function.TestMachine;
import io.iommufd4j.sim.iommufd.IommufdContext;
import io.iommufd4j.sim.iommufd.IommufdFile;
import io.iommufd4j.sim.iommufd.command.Commands;
import io.iommufd4j.sim.lib.FaultPlan;
import io.iommufd4j.sim.lib.IdTable;
import io.iommufd4j.sim.lib.KernelRelease;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.Accounting;
import io.iommufd4j.sim.mm.CallingProcess;
import io.iommufd4j.sim.mm.UserProcess;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/** A machine, vfio-pci, and a process with descriptors that calls by number and address. */
final class VfioBench implements AutoCloseable {

  static final long CONFIG = 7L << 40;

  final TestMachine machine;
  final Wakeups wakeups = new Wakeups();
  final FileTable files = new FileTable();
  final VfioPci driver;
  final Arena arena = Arena.ofShared();

  VfioBench(IommuPreset preset) {
    machine = new TestMachine(preset);
    driver = new VfioPci(machine.memory, files, calling(), new IdTable<>(0), KernelRelease.NEWEST);
  }

  private CallingProcess calling() {
    var account = new Accounting(ProcessFacts.UNLIMITED, true);
    return new CallingProcess(new UserProcess(1, machine.memory, account));
  }

  int openIommufd() {
    CallingProcess calling = calling();
    var context =
        new IommufdContext(calling, files, wakeups, false, new FaultPlan(), KernelRelease.NEWEST);
    return files.open(
        new IommufdFile(context, new Commands(context, command -> {}, Commands.ofThreads())),
        READ_WRITE);
  }

  static final int READ_WRITE = 2;

  int open(VfioDevice device) {
    return files.open(driver.open(device), READ_WRITE);
  }

  int eventFd() {
    return files.open(new EventFd.Counting(wakeups, 0, 0), READ_WRITE);
  }

  OpenFile file(int fd) {
    return Objects.requireNonNull(files.find(fd));
  }

  /** As at the boundary of a system call: ≥ 0 or −errno. */
  int ioctl(int fd, int request, long argument) {
    try {
      return file(fd).ioctl(request, argument);
    } catch (Refused refused) {
      return refused.errno().negated();
    }
  }

  int ioctl(int fd, int request, MemorySegment argument) {
    return ioctl(fd, request, argument.address());
  }

  long pread(int fd, MemorySegment into, long offset) {
    try {
      return file(fd).pread(into, offset);
    } catch (Refused refused) {
      return refused.errno().negated();
    }
  }

  long pwrite(int fd, MemorySegment from, long offset) {
    try {
      return file(fd).pwrite(from, offset);
    } catch (Refused refused) {
      return refused.errno().negated();
    }
  }

  long get(int fd, long offset, int bytes) {
    MemorySegment buffer = arena.allocate(8, 8);
    assertEquals(bytes, pread(fd, buffer.asSlice(0, bytes), offset));
    return buffer.get(ValueLayout.JAVA_LONG, 0);
  }

  void put(int fd, long offset, int bytes, long value) {
    MemorySegment buffer = arena.allocate(8, 8);
    buffer.set(ValueLayout.JAVA_LONG, 0, value);
    assertEquals(bytes, pwrite(fd, buffer.asSlice(0, bytes), offset));
  }

  MemorySegment words(int... values) {
    return arena.allocateFrom(ValueLayout.JAVA_INT, values);
  }

  MemorySegment bindBlock(int iommufd) {
    MemorySegment bind = arena.allocate(vfio_device_bind_iommufd.layout());
    vfio_device_bind_iommufd.argsz(bind, (int) bind.byteSize());
    vfio_device_bind_iommufd.iommufd(bind, iommufd);
    return bind;
  }

  /** The device's object id, or −errno. */
  int bind(int fd, int iommufd) {
    MemorySegment bind = bindBlock(iommufd);
    int result = ioctl(fd, VFIO_DEVICE_BIND_IOMMUFD(), bind);
    return result < 0 ? result : vfio_device_bind_iommufd.out_devid(bind);
  }

  MemorySegment attachBlock(int ptId) {
    MemorySegment attach = arena.allocate(vfio_device_attach_iommufd_pt.layout());
    vfio_device_attach_iommufd_pt.argsz(attach, (int) attach.byteSize());
    vfio_device_attach_iommufd_pt.pt_id(attach, ptId);
    return attach;
  }

  /** The HWPT written back, or −errno. */
  int attach(int fd, int ptId) {
    MemorySegment attach = attachBlock(ptId);
    int result = ioctl(fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT(), attach);
    return result < 0 ? result : vfio_device_attach_iommufd_pt.pt_id(attach);
  }

  int detach(int fd) {
    MemorySegment detach = arena.allocate(vfio_device_detach_iommufd_pt.layout());
    vfio_device_detach_iommufd_pt.argsz(detach, (int) detach.byteSize());
    return ioctl(fd, VFIO_DEVICE_DETACH_IOMMUFD_PT(), detach);
  }

  int ioas(int iommufd) {
    MemorySegment alloc = arena.allocate(iommu_ioas_alloc.layout());
    iommu_ioas_alloc.size(alloc, (int) alloc.byteSize());
    assertEquals(0, ioctl(iommufd, IOMMU_IOAS_ALLOC(), alloc));
    return iommu_ioas_alloc.out_ioas_id(alloc);
  }

  void map(int iommufd, int ioas, MemorySegment pages, long iova) {
    MemorySegment map = arena.allocate(iommu_ioas_map.layout());
    iommu_ioas_map.size(map, (int) map.byteSize());
    iommu_ioas_map.flags(
        map, IOMMU_IOAS_MAP_FIXED_IOVA() | IOMMU_IOAS_MAP_READABLE() | IOMMU_IOAS_MAP_WRITEABLE());
    iommu_ioas_map.ioas_id(map, ioas);
    iommu_ioas_map.user_va(map, pages.address());
    iommu_ioas_map.length(map, pages.byteSize());
    iommu_ioas_map.iova(map, iova);
    assertEquals(0, ioctl(iommufd, IOMMU_IOAS_MAP(), map));
  }

  @Override
  public void close() {
    files.closeAll();
    machine.close();
    arena.close();
  }
}
