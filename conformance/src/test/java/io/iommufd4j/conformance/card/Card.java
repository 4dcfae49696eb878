// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.card;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.DmaBuffer;
import io.iommufd4j.Ioas;
import io.iommufd4j.Iommufd;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.event.EventFdRef;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.pci.VfioBinding;
import io.iommufd4j.uapi.Access;
import io.iommufd4j.vfio.MappedRegion;
import io.iommufd4j.vfio.PciRegion;
import io.iommufd4j.vfio.VfioDevice;
import io.iommufd4j.vfio.interrupt.InterruptVectors;
import io.iommufd4j.vfio.interrupt.PciIrq;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * A driver of Intel's 82576 by its mapped registers, whose frames come back by loopback: a frame
 * that is sent is a copy in memory. Given back after the test.
 */
final class Card {

  /** Most that one copy takes, and most copies at once. */
  static final int MOST_BYTES = 1024;

  static final int MOST_COPIES = 4095;

  /** The IOVA of the memory of copies, and one without any. */
  static final long DATA = 0x4000_0000;

  static final long NOTHING = 0x8000_0000L;
  static final int DATA_BYTES = 1 << 20;

  private static final PciAddress ADDRESS = PciAddress.parse("0000:01:00.0");
  private static final long RINGS = 0x1000_0000;
  private static final int ENTRIES = 4096;
  private static final int ENTRY = 16;
  private static final long RECEIVE = (long) ENTRIES * ENTRY;

  private static final int CTRL = 0x0000;
  private static final int STATUS = 0x0008;
  private static final int CTRL_EXT = 0x0018;
  private static final int MDIC = 0x0020;
  private static final int RCTL = 0x0100;
  private static final int TCTL = 0x0400;
  private static final int IMC = 0x150c;
  private static final int GPIE = 0x1514;
  private static final int EICS = 0x1520;
  private static final int EIMS = 0x1524;
  private static final int EIMC = 0x1528;
  private static final int EIAC = 0x152c;
  private static final int EIAM = 0x1530;
  private static final int EICR = 0x1580;
  private static final int IVAR = 0x1700;
  private static final int RECEIVE_QUEUE = 0x2800;
  private static final int TRANSMIT_QUEUE = 0x3800;
  private static final int TAIL = 0x18;
  private static final int RESET = 0x0400_0000;
  private static final int READY = 0x1000_0000;
  private static final int LINK_UP = 2;
  private static final int VECTOR = 1;

  private static final long PATIENCE = 20_000_000_000L;
  private static final VarHandle INTS = ValueLayout.JAVA_INT.varHandle();

  private final VfioDevice device;
  private final MappedRegion registers;
  private final MemorySegment rings;
  private final MemorySegment data;
  private InterruptVectors vectors;
  private int next;

  private Card(VfioDevice device, MemorySegment rings, MemorySegment data) {
    this.device = device;
    this.registers = device.mapRegion(PciRegion.BAR0);
    this.rings = rings;
    this.data = data;
    this.vectors = start();
  }

  static Card of(KernelUnderTest test) {
    var binding = VfioBinding.prepare(test.kernel(), List.of(ADDRESS));
    test.keep(binding::close);
    binding.bind();
    var iommufd = Iommufd.open(test.kernel());
    test.keep(iommufd::close);
    var device = VfioDevice.open(test.kernel(), ADDRESS);
    test.keep(device::close);
    device.bind(iommufd);
    var rings = DmaBuffer.allocate(test.kernel(), 2 * RECEIVE);
    test.keep(rings::close);
    var data = DmaBuffer.allocate(test.kernel(), DATA_BYTES);
    test.keep(data::close);
    Ioas ioas = iommufd.newIoas();
    ioas.map(rings.segment(), RINGS, Access.READ_WRITE);
    ioas.map(data.segment(), DATA, Access.READ_WRITE);
    device.attach(ioas);
    var card = new Card(device, rings.segment(), data.segment());
    test.keep(card::close);
    return card;
  }

  MemorySegment data() {
    return data;
  }

  int read(int register) {
    return registers.read32(register);
  }

  /** Counts the card's interrupts. */
  EventFdRef interrupt() {
    return vectors.vector(0);
  }

  /** The card stops, and starts anew. */
  void restart() {
    stop();
    vectors = start();
  }

  /** A reset by VFIO, after which the card starts anew. */
  void reset() {
    vectors.close();
    device.reset();
    vectors = start();
  }

  private void stop() {
    registers.write32(RCTL, 0);
    registers.write32(TCTL, 0);
    resetItself();
    vectors.close();
  }

  private void resetItself() {
    registers.write32(CTRL, registers.read32(CTRL) | RESET);
    LockSupport.parkNanos(1_000_000);
    await(CTRL, RESET, 0);
    registers.write32(IMC, -1);
  }

  private InterruptVectors start() {
    device.config().memorySpace(true);
    device.config().busMaster(true);
    resetItself();
    InterruptVectors opened = device.interrupts().open(PciIrq.MSIX, 1);
    registers.write32(CTRL_EXT, registers.read32(CTRL_EXT) | 0x1000_0000);
    phy(0x1200);
    await(STATUS, LINK_UP, LINK_UP);
    phy(0x4140);
    registers.write32(CTRL, 0x1a41);
    queue(TRANSMIT_QUEUE, RINGS);
    queue(RECEIVE_QUEUE, RINGS + RECEIVE);
    registers.write32(RECEIVE_QUEUE + 0x0c, 0x0200_0000);
    registers.write32(RCTL, 0x0400_805a);
    registers.write32(TCTL, 0x0a);
    registers.write32(GPIE, 0x4000_0010);
    registers.write32(EIAC, VECTOR);
    registers.write32(EIAM, VECTOR);
    registers.write32(IVAR, 0x80);
    registers.write32(EIMS, VECTOR);
    await(EIMS, VECTOR, VECTOR);
    next = 0;
    return opened;
  }

  private void phy(int control) {
    registers.write32(MDIC, 0x0420_0000 | control);
    await(MDIC, READY, READY);
  }

  private void queue(int first, long ring) {
    registers.write32(first, (int) ring);
    registers.write32(first + 4, (int) (ring >>> 32));
    registers.write32(first + 8, ENTRIES * ENTRY);
    registers.write32(first + 0x10, 0);
    registers.write32(first + TAIL, 0);
    registers.write32(first + 0x28, 0x0200_0000);
  }

  /** Starts copies, all of the same bytes. */
  void begin(long from, long to, int bytes, int copies) {
    registers.write32(EIMC, VECTOR);
    for (int i = 0; i < copies; i++) {
      long sent = (long) next * ENTRY;
      rings.set(ValueLayout.JAVA_LONG, sent, from);
      rings.set(ValueLayout.JAVA_INT, sent + 8, 0x2330_0000 | bytes);
      rings.set(ValueLayout.JAVA_INT, sent + 12, bytes << 14);
      rings.set(ValueLayout.JAVA_LONG, RECEIVE + sent, to);
      rings.set(ValueLayout.JAVA_LONG, RECEIVE + sent + 8, 0);
      next = (next + 1) % ENTRIES;
    }
    VarHandle.releaseFence();
    registers.write32(RECEIVE_QUEUE + TAIL, next);
    registers.write32(TRANSMIT_QUEUE + TAIL, next);
  }

  /** Waits until the last copy has come back. */
  void finish() {
    long start = System.nanoTime();
    while (!back()) {
      if (System.nanoTime() - start > PATIENCE) {
        throw new AssertionError("no frame came back");
      }
      Thread.onSpinWait();
    }
    allow();
  }

  /** The card has sent all that it was given, come back or not. */
  void awaitSent() {
    await(TRANSMIT_QUEUE + 0x10, -1, next);
  }

  /** True if the last copy has come back. */
  boolean back() {
    return (status() & 1) != 0;
  }

  /** Status and errors of the last copy, as the card wrote them. */
  int status() {
    return (int) INTS.getAcquire(rings, RECEIVE + last() + 8);
  }

  /** As {@link #status}: length in the lower half. */
  int length() {
    return (int) INTS.getAcquire(rings, RECEIVE + last() + 12);
  }

  private long last() {
    return (long) Math.floorMod(next - 1, ENTRIES) * ENTRY;
  }

  /** Clears the causes of interrupts and allows them. */
  void allow() {
    registers.write32(EICR, -1);
    registers.write32(EIMS, VECTOR);
    await(EIMS, VECTOR, VECTOR);
  }

  /** Copies, piece by piece. */
  void copy(long from, long to, int bytes) {
    for (int done = 0; done < bytes; done += MOST_BYTES) {
      begin(from + done, to + done, Math.min(MOST_BYTES, bytes - done), 1);
      finish();
    }
  }

  /** The card sends its message. */
  void interruptItself() {
    registers.write32(EICS, VECTOR);
  }

  private void await(int register, int mask, int value) {
    long start = System.nanoTime();
    while ((registers.read32(register) & mask) != value) {
      if (System.nanoTime() - start > PATIENCE) {
        assertEquals(value, registers.read32(register) & mask, Integer.toHexString(register));
        return;
      }
      LockSupport.parkNanos(50_000);
    }
  }

  private void close() {
    stop();
    registers.close();
  }
}
