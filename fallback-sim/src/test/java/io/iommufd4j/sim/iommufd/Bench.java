// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.bindings.iommufd.iommu_destroy;
import io.iommufd4j.bindings.iommufd.iommu_hwpt_alloc;
import io.iommufd4j.bindings.iommufd.iommu_ioas_alloc;
import io.iommufd4j.bindings.iommufd.iommu_ioas_copy;
import io.iommufd4j.bindings.iommufd.iommu_ioas_iova_ranges;
import io.iommufd4j.bindings.iommufd.iommu_ioas_map;
import io.iommufd4j.bindings.iommufd.iommu_ioas_map_file;
import io.iommufd4j.bindings.iommufd.iommu_ioas_unmap;
import io.iommufd4j.bindings.iommufd.iommu_iova_range;
import io.iommufd4j.bindings.iommufd.iommu_option;
import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.ProcessFacts;
import io.iommufd4j.sim.driver.IommuPreset;
import io.iommufd4j.sim.fs.FileTable;
import io.iommufd4j.sim.fs.Wakeups;
import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.iommu.IommuDriver;
import io.iommufd4j.sim.iommu.IommuGroup;
import io.iommufd4j.sim.iommufd.command.Commands;
import io.iommufd4j.sim.lib.FaultPlan;
import io.iommufd4j.sim.lib.KernelRelease;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.Accounting;
import io.iommufd4j.sim.mm.CallingProcess;
import io.iommufd4j.sim.mm.ProcessMemory;
import io.iommufd4j.sim.mm.Protection;
import io.iommufd4j.sim.mm.UserProcess;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntSupplier;

/**
 * An open /dev/iommu, memory to map, and requests in the shortest form. Answers are ≥ 0 or −errno.
 */
final class Bench implements AutoCloseable {

  static final int FIXED = iommufd_h.IOMMU_IOAS_MAP_FIXED_IOVA();
  static final int READ_WRITE =
      iommufd_h.IOMMU_IOAS_MAP_READABLE() | iommufd_h.IOMMU_IOAS_MAP_WRITEABLE();
  static final int PAGE = 4096;

  final FaultPlan faults = new FaultPlan();
  final Arena arena = Arena.ofShared();
  final ProcessMemory memory = new ProcessMemory(faults);
  final FileTable files = new FileTable();
  final Wakeups wakeups = new Wakeups();
  final Accounting accounting;
  final IommufdContext context;
  final IommufdFile file;
  private final List<IommufdDevice> bound = new ArrayList<>();
  private int groups;

  /** A process that may pin what it likes. */
  Bench() {
    this(ProcessFacts.UNLIMITED, true);
  }

  Bench(long memlockLimit, boolean privileged) {
    accounting = new Accounting(memlockLimit, privileged);
    var calling = new CallingProcess(new UserProcess(1, memory, accounting));
    context = new IommufdContext(calling, files, wakeups, false, faults, KernelRelease.NEWEST);
    file = new IommufdFile(context, new Commands(context, command -> {}, Commands.ofThreads()));
  }

  /** Detaches, unbinds and closes; nothing may be left. */
  @Override
  public void close() {
    for (IommufdDevice device : bound) {
      for (int pasid = 0; pasid < 4; pasid++) {
        device.detach(pasid);
      }
      device.unbind();
    }
    files.closeAll();
    file.release();
    assertEquals(0, context.objectCount(), "objects left behind");
    assertEquals(0, accounting.pinnedBytes(), "pages left pinned");
    memory.close();
    arena.close();
  }

  static int answer(IntSupplier call) {
    try {
      return call.getAsInt();
    } catch (Refused refused) {
      return refused.errno().negated();
    }
  }

  static void refused(Errno errno, int answer) {
    assertEquals(errno.name(), answer < 0 ? Errno.name(answer) : "success: " + answer);
  }

  static int succeeded(int answer) {
    assertTrue(answer >= 0, () -> Errno.name(answer));
    return answer;
  }

  int call(int request, MemorySegment block) {
    return call(request, block.address());
  }

  int call(int request, long address) {
    return answer(() -> file.ioctl(request, address));
  }

  /** Memory to map: whole pages, readable and writable. */
  long pages(int count) {
    return memory.mapAnonymous((long) count * PAGE, new Protection(true, true));
  }

  /** Zeroed memory for a request, its size filled in. */
  MemorySegment block(long size) {
    MemorySegment block = arena.allocate(size, 8);
    iommu_destroy.size(block, (int) size);
    return block;
  }

  int ioas() {
    MemorySegment block = block(iommu_ioas_alloc.sizeof());
    succeeded(call(iommufd_h.IOMMU_IOAS_ALLOC(), block));
    return iommu_ioas_alloc.out_ioas_id(block);
  }

  int destroy(int id) {
    MemorySegment block = block(iommu_destroy.sizeof());
    iommu_destroy.id(block, id);
    return call(iommufd_h.IOMMU_DESTROY(), block);
  }

  MemorySegment mapBlock(int ioas, int flags, long address, long length, long iova) {
    MemorySegment block = block(iommu_ioas_map.sizeof());
    iommu_ioas_map.ioas_id(block, ioas);
    iommu_ioas_map.flags(block, flags);
    iommu_ioas_map.user_va(block, address);
    iommu_ioas_map.length(block, length);
    iommu_ioas_map.iova(block, iova);
    return block;
  }

  int map(int ioas, int flags, long address, long length, long iova) {
    return call(iommufd_h.IOMMU_IOAS_MAP(), mapBlock(ioas, flags, address, length, iova));
  }

  int mapFixed(int ioas, long address, long length, long iova) {
    return map(ioas, FIXED | READ_WRITE, address, length, iova);
  }

  /** Maps where the kernel likes; the IOVA it chose. */
  long mapAnywhere(int ioas, long address, long length) {
    MemorySegment block = mapBlock(ioas, READ_WRITE, address, length, 0);
    succeeded(call(iommufd_h.IOMMU_IOAS_MAP(), block));
    return iommu_ioas_map.iova(block);
  }

  int mapFile(int ioas, int fd, long start, long length, long iova) {
    MemorySegment block = block(iommu_ioas_map_file.sizeof());
    iommu_ioas_map_file.ioas_id(block, ioas);
    iommu_ioas_map_file.flags(block, FIXED | READ_WRITE);
    iommu_ioas_map_file.fd(block, fd);
    iommu_ioas_map_file.start(block, start);
    iommu_ioas_map_file.length(block, length);
    iommu_ioas_map_file.iova(block, iova);
    return call(iommufd_h.IOMMU_IOAS_MAP_FILE(), block);
  }

  int copy(int from, long fromIova, long length, int to, long toIova, int flags) {
    MemorySegment block = block(iommu_ioas_copy.sizeof());
    iommu_ioas_copy.src_ioas_id(block, from);
    iommu_ioas_copy.src_iova(block, fromIova);
    iommu_ioas_copy.length(block, length);
    iommu_ioas_copy.dst_ioas_id(block, to);
    iommu_ioas_copy.dst_iova(block, toIova);
    iommu_ioas_copy.flags(block, flags);
    return call(iommufd_h.IOMMU_IOAS_COPY(), block);
  }

  int unmap(int ioas, long iova, long length) {
    MemorySegment block = block(iommu_ioas_unmap.sizeof());
    iommu_ioas_unmap.ioas_id(block, ioas);
    iommu_ioas_unmap.iova(block, iova);
    iommu_ioas_unmap.length(block, length);
    return call(iommufd_h.IOMMU_IOAS_UNMAP(), block);
  }

  /** Unmaps everything; the bytes that were mapped. */
  long unmapAll(int ioas) {
    MemorySegment block = block(iommu_ioas_unmap.sizeof());
    iommu_ioas_unmap.ioas_id(block, ioas);
    iommu_ioas_unmap.length(block, -1);
    succeeded(call(iommufd_h.IOMMU_IOAS_UNMAP(), block));
    return iommu_ioas_unmap.length(block);
  }

  /** The IOVA ranges that can be mapped, as "start-last" in hexadecimal. */
  List<String> ranges(int ioas) {
    MemorySegment block = block(iommu_ioas_iova_ranges.sizeof());
    MemorySegment ranges = arena.allocate(16 * iommu_iova_range.sizeof(), 8);
    iommu_ioas_iova_ranges.ioas_id(block, ioas);
    iommu_ioas_iova_ranges.num_iovas(block, 16);
    iommu_ioas_iova_ranges.allowed_iovas(block, ranges.address());
    succeeded(call(iommufd_h.IOMMU_IOAS_IOVA_RANGES(), block));
    List<String> result = new ArrayList<>();
    for (int i = 0; i < iommu_ioas_iova_ranges.num_iovas(block); i++) {
      MemorySegment range = iommu_iova_range.asSlice(ranges, i);
      result.add("%x-%x".formatted(iommu_iova_range.start(range), iommu_iova_range.last(range)));
    }
    return result;
  }

  int option(int option, int operation, int object, long value) {
    MemorySegment block = optionBlock(option, operation, object, value);
    int answer = call(iommufd_h.IOMMU_OPTION(), block);
    return answer < 0 ? answer : (int) iommu_option.val64(block);
  }

  MemorySegment optionBlock(int option, int operation, int object, long value) {
    MemorySegment block = block(iommu_option.sizeof());
    iommu_option.option_id(block, option);
    iommu_option.op(block, (short) operation);
    iommu_option.object_id(block, object);
    iommu_option.val64(block, value);
    return block;
  }

  int hwpt(IommufdDevice device, int ptId, int flags) {
    MemorySegment block = block(iommu_hwpt_alloc.sizeof());
    iommu_hwpt_alloc.dev_id(block, device.id());
    iommu_hwpt_alloc.pt_id(block, ptId);
    iommu_hwpt_alloc.flags(block, flags);
    int answer = call(iommufd_h.IOMMU_HWPT_ALLOC(), block);
    return answer < 0 ? answer : iommu_hwpt_alloc.out_hwpt_id(block);
  }

  /** Devices in one new group behind a driver. */
  List<IommuDevice> group(IommuDriver driver, int devices) {
    var group = new IommuGroup(groups++);
    var members = new ArrayList<IommuDevice>();
    for (int i = 0; i < devices; i++) {
      String name = "0000:%02x:00.%d".formatted(group.id(), i);
      var device = new IommuDevice(name, driver, 16, false, true);
      group.add(device);
      members.add(device);
    }
    return members;
  }

  /** A device alone in its group, behind a SMMUv3. */
  IommuDevice device() {
    return group(IommuPreset.SMMUV3.driver(true), 1).getFirst();
  }

  IommufdDevice bind(IommuDevice hardware) {
    IommufdDevice device = IommufdDevice.bind(context, hardware);
    bound.add(device);
    return device;
  }

  IommufdDevice boundDevice() {
    return bind(device());
  }
}
