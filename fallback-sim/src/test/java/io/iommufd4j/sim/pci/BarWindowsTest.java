// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.pci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.sim.device.model.EduModel;
import io.iommufd4j.sim.driver.IommuPreset;
import io.iommufd4j.sim.function.EduFunction;
import io.iommufd4j.sim.function.TestMachine;
import io.iommufd4j.sim.iommu.IommuGroup;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A program that has BAR 0 mapped drives the device by loads and stores alone. */
@Timeout(60)
final class BarWindowsTest {

  private static final VarHandle INTS = ValueLayout.JAVA_INT.varHandle();
  private static final VarHandle LONGS = ValueLayout.JAVA_LONG.varHandle();
  private static final long IOVA = 0x100000;

  private final TestMachine machine = new TestMachine(IommuPreset.SMMUV3);
  private final IommuGroup group = machine.group(3);
  private final EduFunction edu = machine.edu("0000:02:01.0", new PciBus(true), group);
  private final AtomicBoolean decoding = new AtomicBoolean(true);

  @AfterEach
  void close() {
    machine.close();
  }

  private MemorySegment map(long offset, long bytes) {
    return edu.windows().map(edu, 0, offset, bytes, decoding::get);
  }

  private static void awaitInt(MemorySegment window, long at, int value) {
    while ((int) INTS.getAcquire(window, at) != value) {
      Thread.onSpinWait();
    }
  }

  private static boolean keeperRuns() {
    return Thread.getAllStackTraces().keySet().stream()
        .anyMatch(t -> t.getName().equals("bars of 0000:02:01.0"));
  }

  @Test
  void aMappingShowsTheRegistersAtOnce() {
    MemorySegment window = map(0, 4096);
    assertEquals(0x010000ed, window.get(ValueLayout.JAVA_INT, 0));
    assertEquals(-1, window.get(ValueLayout.JAVA_INT, 0x0c));
    assertEquals(0, window.get(ValueLayout.JAVA_LONG, 0x98));
    edu.windows().unmap(window);
  }

  @Test
  void aStoreReachesTheFunction() {
    MemorySegment window = map(0, 4096);
    INTS.setRelease(window, 4L, 0x11112222);
    awaitInt(window, 4, 0xeeeedddd);
    edu.windows().unmap(window);
  }

  @Test
  void everyMappingShowsTheSame() {
    MemorySegment one = map(0, 4096);
    MemorySegment other = map(0, EduModel.BAR_BYTES);
    INTS.setRelease(one, 8L, 5);
    awaitInt(other, 8, 120);
    edu.windows().unmap(one);
    edu.store(0, EduModel.FACTORIAL, 4, 4);
    awaitInt(other, 8, 24);
    edu.windows().unmap(other);
  }

  @Test
  void dmaIsDrivenThroughAMapping() {
    MemorySegment page = machine.pages(1);
    page.asSlice(0, 64).fill((byte) 0x5a);
    TestMachine.attach(group, machine.domain(edu.device(), IOVA, page));
    edu.config().write(4, 2, 6);
    MemorySegment window = map(0, 4096);
    transfer(window, IOVA, EduModel.BUFFER, EduModel.RUN);
    transfer(window, EduModel.BUFFER, IOVA + 1024, EduModel.RUN | EduModel.TO_MEMORY);
    assertEquals(0x5a, page.get(ValueLayout.JAVA_BYTE, 1024));
    assertEquals(0x5a, page.get(ValueLayout.JAVA_BYTE, 1024 + 63));
    edu.windows().unmap(window);
  }

  private static void transfer(MemorySegment window, long source, long destination, long command) {
    LONGS.setRelease(window, (long) EduModel.DMA_SOURCE, source);
    LONGS.setRelease(window, (long) EduModel.DMA_DESTINATION, destination);
    LONGS.setRelease(window, (long) EduModel.DMA_COUNT, 64L);
    LONGS.setRelease(window, (long) EduModel.DMA_COMMAND, command);
    while (((long) LONGS.getAcquire(window, (long) EduModel.DMA_COMMAND) & 1) != 0) {
      Thread.onSpinWait();
    }
  }

  @Test
  void whatAnInterruptTellsOfShowsBeforeIt() {
    MemorySegment window = map(0, 4096);
    var shown = new CompletableFuture<List<Long>>();
    edu.interrupts()
        .handlePin(() ->
            shown.complete(
                List.of(
                    (long) (int) INTS.getAcquire(window, (long) EduModel.INTERRUPT_STATUS),
                    (long) LONGS.getAcquire(window, (long) EduModel.DMA_COMMAND))));
    LONGS.setRelease(
        window,
        (long) EduModel.DMA_COMMAND,
        (long) (EduModel.RUN | EduModel.TO_MEMORY | EduModel.INTERRUPT));
    assertEquals(List.of(0x100L, (long) (EduModel.TO_MEMORY | EduModel.INTERRUPT)), shown.join());
    edu.interrupts().handlePin(null);
    edu.windows().unmap(window);
  }

  @Test
  void withDecodingOffAllIsOnesAndStoresAreLost() {
    MemorySegment window = map(0, 4096);
    decoding.set(false);
    awaitInt(window, 0, -1);
    INTS.setRelease(window, 4L, 0x11112222);
    awaitInt(window, 4, -1);
    decoding.set(true);
    awaitInt(window, 0, 0x010000ed);
    awaitInt(window, 4, 0);
    edu.windows().unmap(window);
  }

  @Test
  void theThreadEndsWithTheLastMapping() {
    MemorySegment one = map(0, 4096);
    MemorySegment other = map(4096, 4096);
    assertTrue(keeperRuns());
    edu.windows().unmap(one);
    assertTrue(keeperRuns());
    edu.windows().unmap(other);
    assertEquals(false, keeperRuns());
  }
}
