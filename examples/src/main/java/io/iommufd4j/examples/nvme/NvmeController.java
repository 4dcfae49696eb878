// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.examples.nvme;

import static io.iommufd4j.examples.nvme.LittleEndian.INT;
import static io.iommufd4j.examples.nvme.LittleEndian.LONG;
import static io.iommufd4j.examples.nvme.NvmeRegisters.CC;
import static io.iommufd4j.examples.nvme.NvmeRegisters.CC_ENABLE;
import static io.iommufd4j.examples.nvme.NvmeRegisters.CC_SHUTDOWN;
import static io.iommufd4j.examples.nvme.NvmeRegisters.CC_SIZES;
import static io.iommufd4j.examples.nvme.NvmeRegisters.CSTS;
import static io.iommufd4j.examples.nvme.NvmeRegisters.CSTS_FATAL;
import static io.iommufd4j.examples.nvme.NvmeRegisters.CSTS_READY;
import static io.iommufd4j.examples.nvme.NvmeRegisters.CSTS_SHUTDOWN_DONE;
import static io.iommufd4j.examples.nvme.NvmeRegisters.CSTS_SHUTDOWN_MASK;

import io.iommufd4j.event.EventFdRef;
import io.iommufd4j.vfio.MappedRegion;
import io.iommufd4j.vfio.PciRegion;
import io.iommufd4j.vfio.VfioDevice;
import io.iommufd4j.vfio.interrupt.InterruptVectors;
import io.iommufd4j.vfio.interrupt.PciIrq;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/**
 * An NVMe controller that vfio-pci has: reset, admin commands, a queue for I/O, interrupts.
 *
 * <p>No wait is without an end: for what the controller's capabilities grant it, or {@link
 * #TIMEOUT}.
 */
final class NvmeController implements AutoCloseable {

  /** Pages that {@link #open} takes for itself of the memory it is given. */
  static final int PAGES = 5;

  static final Duration TIMEOUT = Duration.ofSeconds(10);

  private static final Duration LOOK_AGAIN = Duration.ofMillis(20);
  private static final Duration SHUTDOWN_TIMEOUT = Duration.ofSeconds(5);
  private static final int IDENTIFY_NAMESPACE = 0;
  private static final int IDENTIFY_CONTROLLER = 1;
  private static final int FEATURE_QUEUES = 7;

  /** The I/O queue's number; each queue's interrupt vector is that of its number. */
  private static final int IO = 1;

  /** Entries of a queue, zero-based as the controller takes them. */
  private static final int SIZE = QueuePair.ENTRIES - 1;

  private static final int CONTIGUOUS = 1;
  private static final int INTERRUPTS = 2;

  private final MappedRegion registers;
  private final InterruptVectors vectors;
  private final long capabilities;
  private final DmaMemory identity;
  private final QueuePair admin;
  private final QueuePair io;
  private int adminCommands;

  /**
   * Takes a controller and starts it.
   *
   * @param device bound, and attached to a page table that maps the memory
   * @param memory at least {@link #PAGES} pages
   * @throws NvmeException when there is no controller behind the registers, or it does not start
   */
  static NvmeController open(VfioDevice device, DmaMemory memory) {
    device.config().busMaster(true);
    MappedRegion registers = device.mapRegion(PciRegion.BAR0);
    try {
      long cap = registers.read64(NvmeRegisters.CAP);
      if (!NvmeRegisters.plausible(cap)) {
        throw new NvmeException(
            "no NVMe controller answers (capabilities 0x%x): this device does no I/O"
                .formatted(cap));
      }
      if (NvmeRegisters.minPage(cap) > DmaMemory.PAGE
          || NvmeRegisters.maxEntries(cap) < QueuePair.ENTRIES) {
        throw new NvmeException(
            "the controller takes no pages of 4 KiB, or no queue of 64 entries");
      }
      InterruptVectors vectors = device.interrupts().open(PciIrq.MSIX, 1 + IO);
      var controller = new NvmeController(registers, vectors, cap, memory);
      try {
        controller.reset();
        return controller;
      } catch (RuntimeException failed) {
        vectors.close();
        throw failed;
      }
    } catch (RuntimeException failed) {
      registers.close();
      throw failed;
    }
  }

  private NvmeController(
      MappedRegion registers, InterruptVectors vectors, long capabilities, DmaMemory memory) {
    this.registers = registers;
    this.vectors = vectors;
    this.capabilities = capabilities;
    this.identity = memory.page(0);
    int stride = NvmeRegisters.doorbellStride(capabilities);
    this.admin = new QueuePair(registers, 0, stride, memory.page(1), memory.page(2));
    this.io = new QueuePair(registers, IO, stride, memory.page(3), memory.page(4));
  }

  /** The queue for I/O. */
  QueuePair io() {
    return io;
  }

  /** Counts the interrupts of the queue for I/O. */
  EventFdRef interrupt() {
    return vectors.vector(IO);
  }

  /** True once the controller has given up: it could not reach its queues. */
  boolean failed() {
    return (registers.read32(CSTS) & CSTS_FATAL) != 0;
  }

  /** Resets the controller and makes all queues again. What was submitted before is lost. */
  void reset() {
    registers.write32(CC, 0);
    await(CSTS_READY | CSTS_FATAL, 0, "is still ready after it was disabled");
    admin.clear();
    io.clear();
    registers.write32(NvmeRegisters.AQA, SIZE << 16 | SIZE);
    registers.write64(NvmeRegisters.ASQ, admin.submissionIova());
    registers.write64(NvmeRegisters.ACQ, admin.completionIova());
    registers.write32(CC, CC_SIZES | CC_ENABLE);
    await(CSTS_READY | CSTS_FATAL, CSTS_READY, "is not ready after it was enabled");
    admin(Submission.SET_FEATURES, 0, 0, FEATURE_QUEUES, 0, "set queues"); // one of each
    int size = SIZE << 16 | IO;
    int completes = IO << 16 | INTERRUPTS | CONTIGUOUS;
    int submits = IO << 16 | CONTIGUOUS;
    long ring = io.completionIova();
    admin(Submission.CREATE_COMPLETION_QUEUE, 0, ring, size, completes, "create a queue");
    ring = io.submissionIova();
    admin(Submission.CREATE_SUBMISSION_QUEUE, 0, ring, size, submits, "create a queue");
  }

  /** Model and serial number. */
  String identify() {
    admin(Submission.IDENTIFY, 0, identity.iova(), IDENTIFY_CONTROLLER, 0, "identify");
    return text(24, 40) + ", serial " + text(4, 20);
  }

  /** Largest transfer in bytes. */
  long maxTransfer() {
    admin(Submission.IDENTIFY, 0, identity.iova(), IDENTIFY_CONTROLLER, 0, "identify");
    int power = identity.segment().get(ValueLayout.JAVA_BYTE, 77);
    return power == 0 ? Long.MAX_VALUE : NvmeRegisters.minPage(capabilities) << power;
  }

  /**
   * A namespace.
   *
   * @throws NvmeException when there is none of that id
   */
  Namespace namespace(int id) {
    admin(Submission.IDENTIFY, id, identity.iova(), IDENTIFY_NAMESPACE, 0, "identify namespace");
    MemorySegment data = identity.segment();
    long blocks = data.get(LONG, 0);
    if (blocks == 0) {
      throw new NvmeException("the controller has no namespace " + id);
    }
    int format = data.get(ValueLayout.JAVA_BYTE, 26) & 0xf;
    int shift = data.get(INT, 128 + 4L * format) >>> 16 & 0xff;
    return new Namespace(id, blocks, 1 << shift);
  }

  /**
   * Asks the controller to give up a command of the queue for I/O.
   *
   * @return true if it did; its completion then says so
   */
  boolean abort(int commandId) {
    int which = commandId << 16 | IO;
    return (admin(Submission.ABORT, 0, 0, which, 0, "abort") & 1) == 0;
  }

  private String text(long offset, int length) {
    byte[] bytes = identity.segment().asSlice(offset, length).toArray(ValueLayout.JAVA_BYTE);
    return new String(bytes, StandardCharsets.US_ASCII).strip();
  }

  /** Reads sectors from the drive's start into one page, while there is no other I/O. */
  void read(Namespace namespace, long iova, int sectors) {
    io.add(Submission.READ, 0, namespace.id(), iova, 0, 0, 0, sectors - 1);
    answer(io, IO, 0, "read");
  }

  private int admin(int opcode, int namespace, long prp, int dw10, int dw11, String what) {
    int id = adminCommands++ & 0xffff;
    admin.add(opcode, id, namespace, prp, 0, dw10, dw11, 0);
    return answer(admin, 0, id, what);
  }

  /** Gives a queue's command to the controller, and waits for its result. */
  private int answer(QueuePair queue, int vector, int id, String what) {
    queue.submit();
    long start = System.nanoTime();
    while (true) {
      while (queue.ready()) {
        boolean its = queue.commandId() == id;
        int status = queue.status();
        int result = queue.result();
        queue.next();
        queue.release();
        if (its && status != 0) {
          throw new NvmeException("%s: the controller answers 0x%03x".formatted(what, status));
        }
        if (its) {
          return result;
        }
      }
      if (failed() || System.nanoTime() - start > TIMEOUT.toNanos()) {
        throw new NvmeException(what + ": no answer" + (failed() ? ", the controller failed" : ""));
      }
      vectors.vector(vector).await(LOOK_AGAIN);
    }
  }

  private void await(int mask, int value, String otherwise) {
    long start = System.nanoTime();
    long limit = NvmeRegisters.readyMillis(capabilities) * 1_000_000L;
    while ((registers.read32(CSTS) & mask) != value) {
      if (System.nanoTime() - start > limit) {
        int status = registers.read32(CSTS);
        throw new NvmeException("the controller %s: status 0x%x".formatted(otherwise, status));
      }
      LockSupport.parkNanos(100_000);
    }
  }

  /** Shuts the controller down, disables it and gives its interrupts and registers back. */
  @Override
  public void close() {
    try (registers;
        vectors) {
      if (!failed()) {
        registers.write32(CC, CC_SIZES | CC_ENABLE | CC_SHUTDOWN);
        long start = System.nanoTime();
        while ((registers.read32(CSTS) & CSTS_SHUTDOWN_MASK) != CSTS_SHUTDOWN_DONE
            && System.nanoTime() - start < SHUTDOWN_TIMEOUT.toNanos()) {
          LockSupport.parkNanos(100_000);
        }
      }
      registers.write32(CC, 0);
    }
  }
}
