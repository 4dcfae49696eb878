// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.bindings.iommufd.iommu_ioas_map;
import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.linux.NativeKernel;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** The trace of a real kernel's answers: a memfd stands where an iommufd would, and refuses. */
@EnabledOnOs(OS.LINUX)
class TracingKernelTest {

  private final List<TraceEvent> events = new ArrayList<>();
  private final Kernel kernel = new TracingKernel(new NativeKernel(), events::add);
  private final Arena arena = Arena.ofAuto();
  private final int memory = kernel.memfd("traced", libc_h.MFD_CLOEXEC());

  @AfterEach
  void close() {
    assertEquals(0, kernel.close(memory));
  }

  @Test
  void aRefusedRequestIsToldWithItsNameInputsAndErrno() {
    MemorySegment map = iommu_ioas_map.allocate(arena);
    iommu_ioas_map.size(map, (int) map.byteSize());
    iommu_ioas_map.iova(map, 0x1000);
    assertEquals(
        Errno.ENOTTY.negated(), kernel.ioctl(memory, Request.IOMMU_IOAS_MAP.number(), map));

    TraceEvent event = events.getLast();
    assertEquals("ioctl", event.call());
    assertEquals("IOMMU_IOAS_MAP", event.name());
    assertEquals(KernelIdentity.NATIVE, event.backend());
    assertEquals(Optional.of("ENOTTY"), event.errno());
    assertEquals(new TraceField("fd", Integer.toString(memory)), event.inputs().getFirst());
    assertEquals(new TraceField("iova", "0x1000"), event.inputs().getLast());
    assertEquals(List.of(), event.outputs());
    assertTrue(
        event.toString().startsWith("IOMMU_IOAS_MAP(fd=" + memory + ", size=40, flags=0x0"),
        event::toString);
    assertTrue(event.toString().contains(" = -1 ENOTTY "), event::toString);
  }

  @Test
  void anUnknownRequestIsToldByItsNumber() {
    kernel.ioctl(memory, 0x3bff, MemorySegment.ofAddress(0x10));
    TraceEvent event = events.getLast();
    assertEquals("ioctl", event.name());
    assertTrue(event.inputs().contains(new TraceField("request", "0x3bff")), event::toString);
    assertTrue(event.inputs().contains(new TraceField("argument", "0x10")), event::toString);
  }

  @Test
  void whatIsReadAndWrittenIsTold() {
    MemorySegment word = arena.allocate(Integer.BYTES);
    word.fill((byte) 0x5a);
    assertEquals(4, kernel.pwrite(memory, word, 0));
    assertTrue(events.getLast().inputs().contains(new TraceField("data", "5a5a5a5a")));

    assertEquals(4, kernel.pread(memory, arena.allocate(64), 0));
    TraceEvent read = events.getLast();
    assertEquals("pread", read.name());
    assertEquals(List.of(new TraceField("data", "5a5a5a5a")), read.outputs());
    assertEquals(4, read.result());
  }

  @Test
  void anAddressFromMmapIsNoError() {
    long page = kernel.process().pageSize();
    assertEquals(0, kernel.ftruncate(memory, page));
    long address = kernel.mmap(page, libc_h.PROT_READ(), libc_h.MAP_SHARED(), memory, 0);
    TraceEvent mmap = events.getLast();
    assertEquals("mmap", mmap.name());
    assertEquals(address, mmap.result());
    assertEquals(Optional.empty(), mmap.errno());
    assertEquals(0, kernel.munmap(address, page));
    assertEquals("munmap", events.getLast().name());
  }

  @Test
  void everyCallThatIsMadeIsToldOnce() {
    events.clear();
    int copy = kernel.dup(memory);
    int event = kernel.eventfd(0, libc_h.EFD_CLOEXEC());
    int missing = kernel.open("/nowhere", libc_h.O_RDWR());
    kernel.close(copy);
    kernel.close(event);
    assertEquals(Errno.ENOENT.negated(), missing);
    assertEquals(
        List.of("dup", "eventfd", "open", "close", "close"),
        events.stream().map(TraceEvent::name).toList());
  }
}
