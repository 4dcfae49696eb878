// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.mm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.FaultPlan;
import io.iommufd4j.sim.lib.Refused;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ParameterizedClass(name = "native calls: {0}")
@ValueSource(booleans = {true, false})
class ProcessMemoryTest {

  private static final int PAGE = UserMemory.PAGE_SIZE;
  private static final Protection READ_WRITE = new Protection(true, true);
  private static final Protection READ_ONLY = new Protection(true, false);
  private static final Protection NONE = new Protection(false, false);

  private final ProcessMemory memory;

  ProcessMemoryTest(boolean nativeCalls) {
    memory = nativeCalls ? new ProcessMemory(new FaultPlan()) : ProcessMemory.withoutNativeCalls();
  }

  @AfterEach
  void close() {
    memory.close();
  }

  private static void refused(Errno errno, Executable what) {
    assertEquals(errno.name(), assertThrows(Refused.class, what).errno().name());
  }

  private static MemorySegment bytes(int... values) {
    var segment = MemorySegment.ofArray(new byte[values.length]);
    for (int i = 0; i < values.length; i++) {
      segment.set(ValueLayout.JAVA_BYTE, i, (byte) values[i]);
    }
    return segment;
  }

  private byte byteAt(long address) {
    var one = bytes(0);
    memory.copyIn(address, one);
    return one.get(ValueLayout.JAVA_BYTE, 0);
  }

  @ParameterizedTest
  @ValueSource(
      longs = {
        0,
        1,
        4095,
        0x1000,
        -1,
        -4096,
        Long.MIN_VALUE,
        0xffff_8000_0000_0000L,
        Long.MAX_VALUE - 3
      })
  void aBadAddressIsAFault(long address) {
    refused(Errno.EFAULT, () -> memory.copyIn(address, bytes(0, 0, 0, 0, 0, 0, 0, 0)));
    refused(Errno.EFAULT, () -> memory.copyOut(address, bytes(0, 0, 0, 0, 0, 0, 0, 0)));
    refused(Errno.EFAULT, () -> memory.pin(address, 1, false));
    assertFalse(memory.readPhysical(address, bytes(0, 0, 0, 0, 0, 0, 0, 0)));
    assertFalse(memory.writePhysical(address, bytes(0, 0, 0, 0, 0, 0, 0, 0)));
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void anyMemoryOfTheProcessIsReached() {
    try (var arena = Arena.ofConfined()) {
      var own = arena.allocate(3 * PAGE);
      memory.copyOut(own.address() + 5, bytes(1, 2, 3));
      assertEquals(3, own.get(ValueLayout.JAVA_BYTE, 7));
      assertEquals(2, byteAt(own.address() + 6));
      assertTrue(memory.writePhysical(own.address() + PAGE, bytes(9)));
      assertEquals(9, own.get(ValueLayout.JAVA_BYTE, PAGE));
      memory.pin(own.address() & -PAGE, 3, true);
      memory.unpin(own.address() & -PAGE, 3);
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aRangeThatRunsOffItsMappingIsAFault(@TempDir Path folder) throws IOException {
    var file = Files.write(folder.resolve("two-pages"), new byte[2 * PAGE]);
    long address;
    try (var channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
        var arena = Arena.ofShared()) {
      // Of four pages mapped two are there: the others give SIGBUS to who touches them.
      var two = channel.map(MapMode.READ_WRITE, 0, 2 * PAGE, arena);
      address = two.address();
      memory.copyIn(address + 2 * PAGE - 8, bytes(0, 0, 0, 0, 0, 0, 0, 0));
      memory.pin(address, 2, true);
      memory.unpin(address, 2);
      channel.truncate(PAGE);
      refused(Errno.EFAULT, () -> memory.copyIn(address + PAGE - 4, bytes(0, 0, 0, 0, 0, 0, 0, 0)));
      refused(Errno.EFAULT, () -> memory.pin(address, 2, false));
    }
    refused(Errno.EFAULT, () -> memory.copyIn(address, bytes(0)));
    refused(Errno.EFAULT, () -> memory.copyOut(address, bytes(0)));
    refused(Errno.EFAULT, () -> memory.pin(address, 1, false));
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void readOnlyMemoryIsReadAndNotWritten(@TempDir Path folder) throws IOException {
    var file = Files.write(folder.resolve("page"), new byte[PAGE]);
    try (var channel = FileChannel.open(file, StandardOpenOption.READ);
        var arena = Arena.ofConfined()) {
      long address = channel.map(MapMode.READ_ONLY, 0, PAGE, arena).address();
      assertEquals(0, byteAt(address));
      refused(Errno.EFAULT, () -> memory.copyOut(address, bytes(1)));
      refused(Errno.EFAULT, () -> memory.pin(address, 1, true));
      memory.pin(address, 1, false);
      memory.unpin(address, 1);
      assertEquals(0, byteAt(address));
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void longCopiesArriveWhole() {
    var values = new byte[200_001];
    new Random(7).nextBytes(values);
    try (var arena = Arena.ofConfined()) {
      var own = arena.allocate(values.length);
      memory.copyOut(own.address(), MemorySegment.ofArray(values));
      assertArrayEquals(values, own.toArray(ValueLayout.JAVA_BYTE));
      var back = new byte[values.length];
      memory.copyIn(own.address(), MemorySegment.ofArray(back));
      assertArrayEquals(values, back);
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void manyThreadsCopyAtOnce() throws Exception {
    try (var threads = Executors.newFixedThreadPool(100);
        var arena = Arena.ofShared()) {
      var own = arena.allocate(100L * PAGE);
      var copies = new ArrayList<Callable<Integer>>();
      for (int thread = 0; thread < 100; thread++) {
        int mine = thread;
        copies.add(() -> {
          int wrong = 0;
          for (int i = 0; i < 200; i++) {
            memory.copyOut(own.address() + (long) mine * PAGE, bytes(mine, i));
            var back = bytes(0, 0);
            memory.copyIn(own.address() + (long) mine * PAGE, back);
            wrong += back.mismatch(bytes(mine, i)) < 0 ? 0 : 1;
          }
          return wrong;
        });
      }
      for (var wrong : threads.invokeAll(copies)) {
        assertEquals(0, wrong.get());
      }
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aClosedMemoryReachesNothingOfTheHost() {
    try (var arena = Arena.ofConfined()) {
      var own = arena.allocate(PAGE, PAGE);
      memory.copyOut(own.address(), bytes(1));
      memory.close();
      refused(Errno.EFAULT, () -> memory.copyIn(own.address(), bytes(0)));
      refused(Errno.EFAULT, () -> memory.copyOut(own.address(), bytes(0)));
      refused(Errno.EFAULT, () -> memory.pin(own.address(), 1, true));
    }
  }

  @Test
  void freedMemoryNeverCrashes() {
    for (long size : new long[] {16, PAGE, 1 << 20, 64 << 20}) {
      var arena = Arena.ofShared();
      long address = arena.allocate(size, PAGE).address();
      arena.close();
      // Freed memory may be the process' still, or no more: an answer either way.
      var room = MemorySegment.ofArray(new byte[(int) size]);
      try {
        memory.copyIn(address, room);
      } catch (Refused refused) {
        assertEquals(Errno.EFAULT, refused.errno());
      }
      memory.readPhysical(address, room);
    }
  }

  @Test
  void memoryHandedOutIsZeroReachedAndGoneAfterwards() {
    long address = memory.mapAnonymous(2 * PAGE, READ_WRITE);
    assertEquals(0, address % PAGE);
    assertEquals(0, byteAt(address));
    memory.copyOut(address + PAGE - 1, bytes(7, 8));
    assertEquals(8, byteAt(address + PAGE));
    long other = memory.mapAnonymous(2 * PAGE, READ_WRITE);
    assertEquals(0, byteAt(other + PAGE), "private pages are nobody else's");
    memory.unmap(address, 2 * PAGE);
    refused(Errno.EFAULT, () -> byteAt(address));
    refused(Errno.EFAULT, () -> memory.pin(address, 1, false));
    memory.unmap(other, 2 * PAGE - 1);
    refused(Errno.EFAULT, () -> byteAt(other));
  }

  @Test
  void protectionHoldsForMemoryHandedOut() {
    long readable = memory.mapAnonymous(PAGE, READ_ONLY);
    assertEquals(0, byteAt(readable));
    refused(Errno.EFAULT, () -> memory.copyOut(readable, bytes(1)));
    refused(Errno.EFAULT, () -> memory.pin(readable, 1, true));
    long nothing = memory.mapAnonymous(PAGE, NONE);
    refused(Errno.EFAULT, () -> byteAt(nothing));
    refused(Errno.EFAULT, () -> memory.pin(nothing, 1, false));
    memory.unmap(readable, PAGE);
    memory.unmap(nothing, PAGE);
  }

  @Test
  void partsAreUnmappedAndTheRestStays() {
    long address = memory.mapAnonymous(4 * PAGE, READ_WRITE);
    memory.unmap(address + PAGE, PAGE);
    assertEquals(0, byteAt(address));
    refused(Errno.EFAULT, () -> byteAt(address + PAGE));
    refused(Errno.EFAULT, () -> memory.pin(address, 2, true));
    assertEquals(0, byteAt(address + 2 * PAGE));
    memory.pin(address + 2 * PAGE, 1, true);
    memory.unmap(address, PAGE);
    memory.unmap(address + 2 * PAGE, 2 * PAGE);
    refused(Errno.EFAULT, () -> byteAt(address + 2 * PAGE));
    assertTrue(memory.writePhysical(address + 2 * PAGE, bytes(5)));
    memory.unpin(address + 2 * PAGE, 1);
    assertFalse(memory.writePhysical(address + 2 * PAGE, bytes(5)));
  }

  @Test
  void hugePagesAreUnmappedWhole() {
    var pool = new HugePages();
    pool.resize(2);
    long address = memory.mapHuge(2 * HugePages.BYTES, READ_WRITE, pool);
    refused(Errno.EINVAL, () -> memory.unmap(address, PAGE));
    refused(Errno.EINVAL, () -> memory.unmap(address + PAGE, HugePages.BYTES - PAGE));
    memory.unmap(address, HugePages.BYTES);
    refused(Errno.EFAULT, () -> byteAt(address));
    assertEquals(0, byteAt(address + HugePages.BYTES));
    memory.unmap(address + HugePages.BYTES, HugePages.BYTES);
  }

  @Test
  void pinsOfAPageAreCounted() {
    long address = memory.mapAnonymous(4 * PAGE, READ_WRITE);
    memory.pin(address, 3, true);
    memory.pin(address + PAGE, 1, false);
    assertEquals(1, memory.pins(address));
    assertEquals(2, memory.pins(address + PAGE));
    assertEquals(1, memory.pins(address + 2 * PAGE));
    assertEquals(0, memory.pins(address + 3 * PAGE));
    memory.unpin(address, 3);
    assertEquals(0, memory.pins(address));
    assertEquals(1, memory.pins(address + PAGE));
    memory.unpin(address + PAGE, 1);
    assertEquals(0, memory.pins(address + PAGE));
    memory.unmap(address, 4 * PAGE);
    refused(Errno.EFAULT, () -> memory.pins(address));
  }

  @Test
  void pagesOfAFileAreTheSameWhereverTheyAreMapped() {
    try (var arena = Arena.ofShared()) {
      var file = new Object();
      long one = memory.mapShared(arena.allocate(2 * PAGE, PAGE), READ_WRITE, file, 0, () -> {});
      long other =
          memory.mapShared(arena.allocate(2 * PAGE, PAGE), READ_WRITE, file, PAGE, () -> {});
      assertTrue(memory.samePage(one + PAGE, other));
      assertFalse(memory.samePage(one, other));
      memory.pin(other, 1, true);
      assertEquals(1, memory.pins(one + PAGE));
      assertEquals(0, memory.pins(one));
      memory.unpin(other, 1);
      memory.unmap(one, 2 * PAGE);
      memory.unmap(other, 2 * PAGE);
    }
  }

  @Test
  void badRangesAreNotUnmapped() {
    long address = memory.mapAnonymous(4 * PAGE, READ_WRITE);
    refused(Errno.EINVAL, () -> memory.unmap(address + 1, 4 * PAGE));
    refused(Errno.EINVAL, () -> memory.unmap(address, 0));
    refused(Errno.EINVAL, () -> memory.unmap(address, -PAGE));
    refused(Errno.EINVAL, () -> memory.unmap(-PAGE, PAGE));
    assertEquals(0, byteAt(address));
    memory.unmap(address, 4 * PAGE);
    memory.unmap(address, 4 * PAGE);
  }

  @Test
  void pinnedMemoryOutlivesItsUnmapping() {
    long address = memory.mapAnonymous(4 * PAGE, READ_WRITE);
    memory.pin(address, 2, true);
    memory.pin(address + PAGE, 1, true);
    memory.unmap(address, 4 * PAGE);
    refused(Errno.EFAULT, () -> byteAt(address));
    refused(Errno.EFAULT, () -> memory.pin(address, 1, true));
    assertTrue(memory.writePhysical(address, bytes(5)));
    memory.unpin(address, 2);
    var one = bytes(0);
    assertTrue(memory.readPhysical(address, one));
    assertEquals(5, one.get(ValueLayout.JAVA_BYTE, 0));
    memory.unpin(address + PAGE, 1);
    assertFalse(memory.readPhysical(address, one));
  }

  @Test
  void aDevicesRegistersAreCopiedAndNeverPinned() {
    var freed = new AtomicInteger();
    try (var arena = Arena.ofShared()) {
      long address =
          memory.mapRegisters(arena.allocate(PAGE, PAGE), READ_WRITE, -1, freed::incrementAndGet);
      memory.copyOut(address, bytes(3));
      assertEquals(3, byteAt(address));
      refused(Errno.EFAULT, () -> memory.pin(address, 1, false));
      memory.unmap(address, PAGE);
    }
    assertEquals(1, freed.get());
  }

  @Test
  void registersThatAreMappedHaveTheirPhysicalAddress() {
    try (var arena = Arena.ofShared()) {
      var both = arena.allocate(2 * PAGE, PAGE);
      long address =
          memory.mapRegisters(both, new Protection(true, false), UserMemory.REGISTERS, () -> {});
      assertEquals(UserMemory.REGISTERS + PAGE, memory.registers(address + PAGE, 1, false));
      assertEquals(-1, memory.registers(address, 1, true), "they may only be read");
      assertEquals(-1, memory.registers(address + PAGE, 2, false), "more than are mapped");
      memory.unmap(address, PAGE);
      assertEquals(-1, memory.registers(address, 1, false));
      assertEquals(UserMemory.REGISTERS + PAGE, memory.registers(address + PAGE, 1, false));
      memory.unmap(address + PAGE, PAGE);
      long pages = memory.mapAnonymous(PAGE, READ_WRITE);
      assertEquals(-1, memory.registers(pages, 1, false));
      memory.unmap(pages, PAGE);
    }
  }

  @Test
  void whatRefusesHalfWayPinsNothing() {
    var free = new AtomicInteger();
    try (var arena = Arena.ofShared()) {
      // Two neighbours: the second cannot be pinned.
      var both = arena.allocate(2 * PAGE, PAGE);
      long address = memory.map(both.asSlice(0, PAGE), READ_WRITE, free::incrementAndGet);
      memory.mapRegisters(both.asSlice(PAGE), READ_WRITE, -1, free::incrementAndGet);
      refused(Errno.EFAULT, () -> memory.pin(address, 2, true));
      memory.unmap(address, 2 * PAGE);
      assertEquals(2, free.get(), "nothing keeps the first");
    }
  }

  @Test
  void aCopyCrossesFromOneMappingIntoTheNext() {
    try (var arena = Arena.ofShared()) {
      var both = arena.allocate(2 * PAGE, PAGE);
      long address = memory.map(both.asSlice(0, PAGE), READ_WRITE, () -> {});
      memory.map(both.asSlice(PAGE), READ_WRITE, () -> {});
      memory.copyOut(address + PAGE - 1, bytes(1, 2));
      assertEquals(1, byteAt(address + PAGE - 1));
      assertEquals(2, both.get(ValueLayout.JAVA_BYTE, PAGE));
      memory.unmap(address, 2 * PAGE);
    }
  }

  @Test
  void withoutAHostOnlyWhatIsLentOrHandedOutIsThere() {
    try (var bare = ProcessMemory.withoutHost();
        var arena = Arena.ofConfined()) {
      var block = arena.allocate(16);
      refused(Errno.EFAULT, () -> bare.copyIn(block.address(), bytes(0)));
      MemorySegment before = bare.lend(block);
      bare.copyOut(block.address() + 15, bytes(4));
      assertEquals(4, block.get(ValueLayout.JAVA_BYTE, 15));
      refused(Errno.EFAULT, () -> bare.copyOut(block.address() + 15, bytes(4, 4)));
      refused(Errno.EFAULT, () -> bare.pin(block.address() & -PAGE, 1, true));
      bare.endLending(before);
      refused(Errno.EFAULT, () -> bare.copyIn(block.address(), bytes(0)));
      long address = bare.mapAnonymous(PAGE, READ_WRITE);
      bare.copyOut(address, bytes(1));
      bare.pin(address, 1, true);
      bare.unpin(address, 1);
      bare.unmap(address, PAGE);
    }
  }

  @Test
  void anInterruptCostsNoMemory() {
    long address = memory.mapAnonymous(PAGE, READ_WRITE);
    Thread.currentThread().interrupt();
    memory.copyOut(address, bytes(1));
    long second = memory.mapAnonymous(PAGE, READ_WRITE);
    try (var arena = Arena.ofConfined()) {
      var block = arena.allocate(8);
      MemorySegment before = memory.lend(block);
      memory.copyOut(block.address(), bytes(1));
      memory.endLending(before);
    }
    assertTrue(Thread.interrupted(), "the caller's interrupt is kept");
    assertEquals(1, byteAt(address));
    assertEquals(0, byteAt(second));
    memory.unmap(address, PAGE);
    memory.unmap(second, PAGE);
  }
}
