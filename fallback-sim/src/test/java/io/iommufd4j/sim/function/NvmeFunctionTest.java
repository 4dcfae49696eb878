// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.function;

import static io.iommufd4j.bindings.pci.pci_h.PCI_COMMAND;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.sim.driver.IommuPreset;
import io.iommufd4j.sim.pci.FunctionReset;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A controller with queues of eight, driven by its registers behind VT-d. */
final class NvmeFunctionTest {

  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
  private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;

  private static final int CC = 0x14;
  private static final int CSTS = 0x1c;
  private static final int AQA = 0x24;
  private static final int ASQ = 0x28;
  private static final int ACQ = 0x30;
  private static final int BELLS = 0x1000;
  private static final int READY = 1;
  private static final int FATAL = 2;

  private static final int PAGE = 4096;
  private static final int ENTRIES = 8;
  private static final long IOVA = 0x10_0000;
  private static final long NOWHERE = 0x4000_0000;

  // Pages of the memory.
  private static final int ADMIN = 0;
  private static final int ADMIN_DONE = 1;
  private static final int IO = 2;
  private static final int IO_DONE = 3;
  private static final int DATA = 4;
  private static final int LIST = 10;
  private static final int PAGES = 12;

  /** The end of a command: dword 0, what the driver is told of the queue, id and status. */
  private record End(int result, int queueHead, int queue, int id, int status) {}

  private final TestMachine machine = new TestMachine(IommuPreset.VTD);
  private final NvmeFunction drive = machine.nvme("0000:00:08.0");
  private final MemorySegment memory = machine.pages(PAGES);
  private final List<Integer> messages = new ArrayList<>();
  private final int[] tails = new int[5];
  private final int[] taken = new int[5];

  @BeforeEach
  void start() {
    TestMachine.attach(drive.device().group(), machine.domain(drive.device(), IOVA, memory));
    drive.config().write(PCI_COMMAND(), 2, 6);
    drive.interrupts().allocateMessages(true, messages::add);
    enable();
  }

  @AfterEach
  void close() {
    machine.close();
  }

  private int get(int offset) {
    return (int) drive.readBar(0, offset, 4);
  }

  private void put(int offset, int value) {
    drive.store(0, offset, 4, value);
  }

  private static long iova(int page) {
    return IOVA + (long) page * PAGE;
  }

  private void enable() {
    put(AQA, (ENTRIES - 1) << 16 | (ENTRIES - 1));
    drive.store(0, ASQ, 8, iova(ADMIN));
    drive.store(0, ACQ, 8, iova(ADMIN_DONE));
    put(CC, 0x0046_0001);
    Arrays.fill(tails, 0);
    Arrays.fill(taken, 0);
  }

  /** Adds a command to a queue whose pages follow each other, without ringing for it. */
  private void add(
      int queue, int opcode, int namespace, long first, long second, int... parameters) {
    long at = (2L * queue) * PAGE + 64L * tails[queue];
    memory.asSlice(at, 64).fill((byte) 0);
    memory.set(INT, at, opcode | (0x40 + tails[queue]) << 16);
    memory.set(INT, at + 4, namespace);
    memory.set(LONG, at + 24, first);
    memory.set(LONG, at + 32, second);
    for (int i = 0; i < parameters.length; i++) {
      memory.set(INT, at + 40 + 4L * i, parameters[i]);
    }
    tails[queue] = (tails[queue] + 1) % ENTRIES;
  }

  private void ring(int queue) {
    put(BELLS + 8 * queue, tails[queue]);
  }

  private void ringTaken(int queue) {
    put(BELLS + 8 * queue + 4, taken[queue] % ENTRIES);
  }

  /** True if there is another completion. */
  private boolean ended(int queue) {
    long at = (2L * queue + 1) * PAGE + 16L * (taken[queue] % ENTRIES);
    return ((memory.get(INT, at + 12) >>> 16) & 1) == (taken[queue] / ENTRIES % 2 == 0 ? 1 : 0);
  }

  private End end(int queue) {
    assertTrue(ended(queue), "not completed");
    long at = (2L * queue + 1) * PAGE + 16L * (taken[queue]++ % ENTRIES);
    int word2 = memory.get(INT, at + 8);
    int word3 = memory.get(INT, at + 12);
    return new End(memory.get(INT, at), word2 & 0xffff, word2 >>> 16, word3 & 0xffff, word3 >>> 17);
  }

  /** Gives an admin command and takes its completion. */
  private End admin(int opcode, int namespace, long data, int... parameters) {
    add(0, opcode, namespace, data, 0, parameters);
    ring(0);
    End end = end(0);
    ringTaken(0);
    return end;
  }

  private int status(int opcode, int namespace, long data, int... parameters) {
    return admin(opcode, namespace, data, parameters).status();
  }

  /** Makes the pair of I/O queues 1 with vector 1. */
  private void queues() {
    assertEquals(0, status(5, 0, iova(IO_DONE), (ENTRIES - 1) << 16 | 1, 1 << 16 | 3));
    assertEquals(0, status(1, 0, iova(IO), (ENTRIES - 1) << 16 | 1, 1 << 16 | 1));
  }

  private int io(int opcode, int namespace, long first, long second, long block, int blocks) {
    add(1, opcode, namespace, first, second, (int) block, (int) (block >>> 32), blocks - 1);
    ring(1);
    int status = end(1).status();
    ringTaken(1);
    return status;
  }

  private void fill(int page, int seed) {
    for (int i = 0; i < PAGE; i++) {
      memory.set(BYTE, (long) page * PAGE + i, (byte) (seed + 7 * i));
    }
  }

  private long differing(int page, int other) {
    return memory
        .asSlice((long) page * PAGE, PAGE)
        .mismatch(memory.asSlice((long) other * PAGE, PAGE));
  }

  private String text(int page, int at, int length) {
    byte[] bytes = memory.asSlice((long) page * PAGE + at, length).toArray(ValueLayout.JAVA_BYTE);
    return new String(bytes, StandardCharsets.US_ASCII).strip();
  }

  @Test
  void theControllerSaysWhatItIs() {
    assertEquals(0x1b36, drive.vendor());
    assertEquals(0x0010, drive.deviceId());
    assertEquals(0x010802, drive.classCode());
    assertEquals(5, drive.config().msixVectors());
    assertEquals(List.of(FunctionReset.FLR), drive.possibleResets());
    assertEquals(0x0040_0820_0f01_07ffL, drive.readBar(0, 0, 8));
    assertEquals(0x0f01_07ff, get(0));
    assertEquals(0x0040_0820, get(4));
    assertEquals(0x0001_0400, get(8));
    assertEquals(0x01, drive.readBar(0, 10, 1) & 0xff);
    assertEquals(0, get(BELLS));
    assertEquals(0, get(0x40));
    assertEquals(0, drive.readBar(1, 0, 4));
    assertEquals(iova(ADMIN), drive.readBar(0, ASQ, 8));
    assertEquals(iova(ADMIN_DONE), drive.readBar(0, ACQ, 8));
    assertEquals(0x0046_0001, get(CC));
    assertEquals((ENTRIES - 1) << 16 | (ENTRIES - 1), get(AQA));
    assertEquals(READY, get(CSTS));
  }

  @Test
  void identifyIsAnsweredAsByQemu() {
    assertEquals(new End(0, 1, 0, 0x40, 0), admin(6, 0, iova(DATA), 1));
    assertEquals(0x1af4_1b36, memory.get(INT, (long) DATA * PAGE));
    assertEquals("lab", text(DATA, 4, 20));
    assertEquals("QEMU NVMe Ctrl", text(DATA, 24, 40));
    assertEquals("11.1.3", text(DATA, 64, 8));
    assertEquals(7, memory.get(BYTE, (long) DATA * PAGE + 77));
    assertEquals(0x66, memory.get(BYTE, (long) DATA * PAGE + 512));
    assertEquals(256, memory.get(INT, (long) DATA * PAGE + 516));
    assertEquals(0, status(6, 1, iova(DATA), 0));
    assertEquals(65536, memory.get(LONG, (long) DATA * PAGE));
    assertEquals(9, memory.get(BYTE, (long) DATA * PAGE + 130));
    assertEquals(0, status(6, 0, iova(DATA), 2));
    assertEquals(1, memory.get(INT, (long) DATA * PAGE));
    assertEquals(0, status(6, 1, iova(DATA), 2));
    assertEquals(0, memory.get(INT, (long) DATA * PAGE));
    assertEquals(0, status(6, 5, iova(DATA), 0));
    assertEquals(0, memory.get(LONG, (long) DATA * PAGE), "it is not there");
  }

  /** The codes that QEMU 11.1.3 gave Linux in the lab. */
  @ParameterizedTest
  @CsvSource({
    "6, 0, 0, 0x400b",
    "6, -1, 0, 0x400b",
    "6, 257, 0, 0x400b",
    "6, -1, 2, 0x400b",
    "6, 1, 0xff, 0x4002",
    "0x10, 0, 0, 0x4001",
    "0xc5, 0, 0, 0x4001",
    "0x0a, 0, 0, 0x4002",
    "0x09, 0, 0x30, 0x4002"
  })
  void badCommandsAreRefused(String opcode, int namespace, String what, String status) {
    assertEquals(
        Integer.decode(status),
        status(Integer.decode(opcode), namespace, iova(DATA), Integer.decode(what)));
  }

  @Test
  void badQueuesAreRefused() {
    int size = (ENTRIES - 1) << 16;
    assertEquals(0x4101, status(5, 0, iova(IO_DONE), size, 3));
    assertEquals(0x4101, status(5, 0, iova(IO_DONE), size | 5, 3));
    assertEquals(0x4101, status(5, 0, iova(IO_DONE), size | 0xffff, 3));
    assertEquals(0x4102, status(5, 0, iova(IO_DONE), 2, 3));
    assertEquals(0x4102, status(5, 0, iova(IO_DONE), 0x800 << 16 | 2, 3));
    assertEquals(0x4013, status(5, 0, iova(IO_DONE) + 8, size | 2, 3));
    assertEquals(0x4013, status(5, 0, 0, size | 2, 3));
    assertEquals(0x4108, status(5, 0, iova(IO_DONE), size | 2, 5 << 16 | 3));
    assertEquals(0x4002, status(5, 0, iova(IO_DONE), size | 2, 2));
    queues();
    assertEquals(0x4101, status(5, 0, iova(IO_DONE), size | 1, 3), "there already");
    assertEquals(0x4100, status(1, 0, iova(IO), size | 2, 1), "the admin queue's");
    assertEquals(0x4100, status(1, 0, iova(IO), size | 2, 9 << 16 | 1));
    assertEquals(0x4101, status(1, 0, iova(IO), size, 1 << 16 | 1));
    assertEquals(0x4101, status(1, 0, iova(IO), size | 9, 1 << 16 | 1));
    assertEquals(0x4101, status(1, 0, iova(IO), size | 1, 1 << 16 | 1));
    assertEquals(0x4102, status(1, 0, iova(IO), 2, 1 << 16 | 1));
    assertEquals(0x4013, status(1, 0, iova(IO) + 8, size | 2, 1 << 16 | 1));
    assertEquals(0x4002, status(1, 0, iova(IO), size | 2, 1 << 16));
    assertEquals(0x410c, status(4, 0, 0, 1), "in use");
    assertEquals(0x4100, status(4, 0, 0, 0));
    assertEquals(0x4100, status(4, 0, 0, 3));
    assertEquals(0x4101, status(0, 0, 0, 0));
    assertEquals(0x4101, status(0, 0, 0, 3));
    assertEquals(0, status(0, 0, 0, 1));
    assertEquals(0, status(4, 0, 0, 1));
    queues();
  }

  @Test
  void theNumberOfQueuesIsTold() {
    assertEquals(0x0003_0003, admin(9, 0, 0, 7, 0x0001_0001).result());
    assertEquals(0x0003_0003, admin(10, 0, 0, 7).result());
    assertEquals(0x4002, status(9, 0, 0, 7, 0xffff));
    assertEquals(0x4002, status(9, 0, 0, 7, 0xffff_0000));
    assertEquals(new End(1, 5, 0, 0x44, 0), admin(8, 0, 0, 0x0005_0000), "nothing to abort");
    assertEquals(0x4002, status(8, 0, 0, 0x0005_0009));
  }

  @Test
  void eventsNeverComeAbout() {
    for (int i = 0; i < 4; i++) {
      add(0, 0x0c, 0, 0, 0);
    }
    ring(0);
    assertFalse(ended(0));
    assertEquals(0x4105, status(0x0c, 0, 0));
    put(CC, 0);
    memory.asSlice(0, 2L * PAGE).fill((byte) 0);
    enable();
    add(0, 0x0c, 0, 0, 0);
    ring(0);
    assertFalse(ended(0));
  }

  @Test
  void whatIsWrittenIsReadAgain() {
    queues();
    fill(DATA, 1);
    assertEquals(0, io(2, 1, iova(DATA + 1), 0, 0, 8));
    assertEquals(0, memory.get(LONG, (DATA + 1L) * PAGE), "zeros at first");
    assertEquals(0, io(1, 1, iova(DATA), 0, 16, 8));
    assertEquals(0, io(2, 1, iova(DATA + 1), 0, 16, 8));
    assertEquals(-1, differing(DATA, DATA + 1));
    assertEquals(0, io(0, 1, 0, 0, 0, 1));
    assertEquals(0, io(0, -1, 0, 0, 0, 1), "of all namespaces");
    drive.reset();
    assertEquals(0, get(CC));
    assertEquals(0, get(CSTS));
    assertEquals(0, drive.readBar(0, ASQ, 8));
    memory.asSlice(0, 4L * PAGE).fill((byte) 0);
    memory.asSlice((DATA + 1L) * PAGE, PAGE).fill((byte) 0);
    enable();
    queues();
    assertEquals(0, io(2, 1, iova(DATA + 1), 0, 16, 8));
    assertEquals(-1, differing(DATA, DATA + 1), "a reset leaves the drive as it is");
  }

  @Test
  void dataLiesInPages() {
    queues();
    fill(DATA, 1);
    fill(DATA + 1, 2);
    fill(DATA + 2, 3);
    long list = (long) LIST * PAGE;
    memory.set(LONG, list, iova(DATA + 1));
    memory.set(LONG, list + 8, iova(DATA + 2));
    assertEquals(0, io(1, 1, iova(DATA), iova(LIST), 120, 24));
    memory.set(LONG, list, iova(DATA + 4));
    memory.set(LONG, list + 8, iova(DATA + 5));
    assertEquals(0, io(2, 1, iova(DATA + 3), iova(LIST), 120, 24));
    for (int i = 0; i < 3; i++) {
      assertEquals(-1, differing(DATA + i, DATA + 3 + i));
    }
    // Two pages need no list, and the first may begin anywhere.
    assertEquals(0, io(2, 1, iova(DATA + 3) + 2048, iova(DATA + 5), 120, 8));
    assertEquals(
        -1,
        memory
            .asSlice((long) DATA * PAGE, 2048)
            .mismatch(memory.asSlice((DATA + 3L) * PAGE + 2048, 2048)));
    // A list that is full goes on elsewhere.
    memory.set(LONG, list + PAGE - 8, iova(LIST + 1));
    memory.set(LONG, list + PAGE, iova(DATA + 4));
    memory.set(LONG, list + PAGE + 8, iova(DATA + 5));
    assertEquals(0, io(2, 1, iova(DATA + 3), iova(LIST) + PAGE - 8, 120, 24));
    assertEquals(-1, differing(DATA + 2, DATA + 5));
    memory.set(LONG, list + PAGE - 8, iova(LIST + 1) + 8);
    assertEquals(0x4013, io(2, 1, iova(DATA + 3), iova(LIST) + PAGE - 8, 120, 24));
    memory.set(LONG, list, iova(DATA + 4) + 8);
    assertEquals(0x4013, io(2, 1, iova(DATA + 3), iova(LIST), 120, 24));
    assertEquals(0x4013, io(2, 1, iova(DATA + 3), iova(LIST) + 4, 120, 24));
    assertEquals(0x4013, io(2, 1, iova(DATA + 3), iova(DATA + 4) + 8, 120, 16));
  }

  @Test
  void badReadsAndWritesAreRefused() {
    queues();
    assertEquals(0x4080, io(2, 1, iova(DATA), 0, 0xffff, 8));
    assertEquals(0x4080, io(2, 1, iova(DATA), 0, 65532, 8));
    assertEquals(0x4080, io(1, 1, iova(DATA), 0, -1, 8));
    assertEquals(0x4002, io(2, 1, iova(DATA), 0, 0, 1025), "longer than MDTS");
    assertEquals(0x4002, io(2, 5, iova(DATA), 0, 0, 8), "not there");
    assertEquals(0x400b, io(2, 0, iova(DATA), 0, 0, 8));
    assertEquals(0x400b, io(0, 257, 0, 0, 0, 1));
    assertEquals(0x4001, io(0x7f, 1, 0, 0, 0, 1));
    assertEquals(0x0004, io(2, 1, NOWHERE, 0, 0, 8));
    assertEquals(0x0004, io(1, 1, NOWHERE, 0, 0, 8));
    assertEquals(0x0004, io(2, 1, iova(DATA), NOWHERE, 0, 24), "the list");
    memory.set(LONG, (long) LIST * PAGE, NOWHERE);
    assertEquals(0x0004, io(2, 1, iova(DATA), iova(LIST), 0, 24));
    assertEquals(READY, get(CSTS), "all of that was only said of commands");
  }

  @Test
  void queuesOutOfReachAreFatal() {
    queues();
    add(1, 0, 1, 0, 0);
    drive.config().write(PCI_COMMAND(), 2, 2);
    ring(1);
    assertEquals(FATAL, get(CSTS));
    MemorySegment window = drive.windows().map(drive, 0, BELLS, 0x1000, () -> true);
    assertEquals(0, window.get(INT, 8), "what was not read can be rung for again");
    drive.windows().unmap(window);
    drive.config().write(PCI_COMMAND(), 2, 6);
    ring(1);
    assertEquals(0, end(1).status());
    ringTaken(1);
    assertEquals(FATAL, get(CSTS));
    put(CC, 0);
    assertEquals(0, get(CSTS));
  }

  @Test
  void completionsThatCannotBeWrittenStayDue() {
    int size = (ENTRIES - 1) << 16;
    assertEquals(0, status(5, 0, NOWHERE, size | 1, 1 << 16 | 3));
    assertEquals(0, status(1, 0, iova(IO), size | 1, 1 << 16 | 1));
    add(1, 0, 1, 0, 0);
    ring(1);
    assertEquals(FATAL, get(CSTS));
    assertEquals(List.of(0, 0), messages);
  }

  @Test
  void aFullQueueIsFilledAgainWhenTheDriverTakesFromIt() {
    queues();
    for (int i = 0; i < 5; i++) {
      add(1, 0, 1, 0, 0);
    }
    ring(1);
    for (int i = 0; i < 5; i++) {
      add(1, 0, 1, 0, 0);
    }
    ring(1);
    for (int i = 0; i < 7; i++) {
      end(1);
    }
    assertFalse(ended(1), "no room");
    ringTaken(1);
    for (int i = 0; i < 3; i++) {
      assertEquals(0, end(1).status());
    }
    put(BELLS + 12, ENTRIES);
    put(BELLS + 8, ENTRIES);
    put(BELLS + 8 * 3, 1);
    put(BELLS + 8 * 3 + 4, 1);
    put(BELLS + 8 * 9, 1);
    assertEquals(READY, get(CSTS), "doorbells of nothing");
  }

  @Test
  void interruptsCountPostsAndCanBeMasked() {
    queues();
    messages.clear();
    add(1, 0, 1, 0, 0);
    add(1, 0, 1, 0, 0);
    ring(1);
    assertEquals(List.of(1), messages, "one for both");
    end(1);
    end(1);
    ringTaken(1);
    put(0x0c, 2);
    assertEquals(2, get(0x10));
    assertEquals(0, io(0, 1, 0, 0, 0, 1));
    assertEquals(List.of(1), messages);
    put(0x10, 2);
    assertEquals(0, get(0x0c));
    assertEquals(0, io(0, 1, 0, 0, 0, 1));
    assertEquals(List.of(1, 1), messages);
    assertEquals(0, status(0, 0, 0, 1));
    assertEquals(0, status(4, 0, 0, 1));
    memory.asSlice(2L * PAGE, 2L * PAGE).fill((byte) 0);
    tails[1] = 0;
    taken[1] = 0;
    assertEquals(0, status(5, 0, iova(IO_DONE), (ENTRIES - 1) << 16 | 1, 1));
    assertEquals(0, status(1, 0, iova(IO), (ENTRIES - 1) << 16 | 1, 1 << 16 | 1));
    messages.clear();
    assertEquals(0, io(0, 1, 0, 0, 0, 1));
    assertEquals(List.of(), messages, "a driver that polls");
  }

  @Test
  void withoutMessagesThePinStandsUntilAllIsTaken() {
    drive.interrupts().freeMessages();
    add(0, 6, 0, iova(DATA), 0, 1);
    ring(0);
    assertNotEquals(0, drive.config().read(6, 2) & 8);
    end(0);
    ringTaken(0);
    assertEquals(0, drive.config().read(6, 2) & 8);
    add(0, 6, 0, iova(DATA), 0, 1);
    add(0, 6, 0, iova(DATA), 0, 1);
    ring(0);
    end(0);
    ringTaken(0);
    assertNotEquals(0, drive.config().read(6, 2) & 8, "one is left");
    put(CC, 0);
    assertEquals(0, drive.config().read(6, 2) & 8);
  }

  @Test
  void aControllerStartsWithQueuesOnly() {
    assertEquals(FATAL, started(0, iova(ADMIN), iova(ADMIN_DONE), 1));
    assertEquals(FATAL, started(7, iova(ADMIN), iova(ADMIN_DONE), 1));
    assertEquals(FATAL, started(7 << 16, iova(ADMIN), iova(ADMIN_DONE), 1));
    assertEquals(FATAL, started(7 << 16 | 7, 0, iova(ADMIN_DONE), 1));
    assertEquals(FATAL, started(7 << 16 | 7, iova(ADMIN), 0, 1));
    assertEquals(FATAL, started(7 << 16 | 7, iova(ADMIN) + 8, iova(ADMIN_DONE), 1));
    assertEquals(FATAL, started(7 << 16 | 7, iova(ADMIN), iova(ADMIN_DONE) + 8, 1));
    assertEquals(FATAL, started(7 << 16 | 7, iova(ADMIN), iova(ADMIN_DONE), 5 << 7 | 1));
    assertEquals(READY, started(7 << 16 | 7, iova(ADMIN), iova(ADMIN_DONE), 1));
    put(CC, 0x4001);
    assertEquals(READY | 8, get(CSTS), "shut down");
    put(CC, 1);
    assertEquals(READY, get(CSTS));
    drive.store(0, CC, 1, 0);
    assertEquals(1, get(CC), "registers are written as a whole");
    drive.store(1, CC, 4, 0);
    assertEquals(1, get(CC));
  }

  private int started(int sizes, long submissions, long completions, int configuration) {
    put(CC, 0);
    put(AQA, sizes);
    put(ASQ, (int) submissions);
    put(ASQ + 4, (int) (submissions >>> 32));
    drive.store(0, ACQ, 8, completions);
    put(CC, configuration);
    return get(CSTS);
  }

  @Test
  void registersAreWatchedWhereTheyAreMapped() {
    MemorySegment window = drive.windows().map(drive, 0, 0, 0x4000, () -> true);
    assertEquals(0x0040_0820_0f01_07ffL, window.get(LONG, 0));
    assertEquals(READY, window.get(INT, CSTS));
    drive.windows().unmap(window);
    assertEquals(List.of(), drive.registers(1));
  }
}
