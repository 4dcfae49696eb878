// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.function;

import static io.iommufd4j.bindings.pci.pci_h.PCI_COMMAND;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.device.model.EduModel;
import io.iommufd4j.sim.driver.IommuPreset;
import io.iommufd4j.sim.iommu.IommuGroup;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.pci.PciBus;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The same reads and writes as in the lab, on QEMU 7.2's edu behind VT-d and AMD-Vi. */
final class EduFunctionTest {

  private static final long IOVA = 0x100000;
  private static final int BUS_MASTER_AND_MEMORY = 6;

  private final TestMachine machine = new TestMachine(IommuPreset.VTD);
  private final IommuGroup group = machine.group(3);
  private final PciBus bus = new PciBus(true);
  private final EduFunction edu = machine.edu("0000:02:01.0", bus, group);
  private final MemorySegment page = machine.pages(1);

  @BeforeEach
  void attach() {
    TestMachine.attach(group, machine.domain(edu.device(), IOVA, page));
    edu.config().write(PCI_COMMAND(), 2, BUS_MASTER_AND_MEMORY);
  }

  @AfterEach
  void close() {
    machine.close();
  }

  private int get(int offset) {
    return (int) edu.readBar(0, offset, 4);
  }

  private void put(int offset, long value) {
    edu.store(0, offset, offset < EduModel.DMA_SOURCE ? 4 : 8, value);
  }

  private void dma(long source, long destination, long count, int command) {
    put(EduModel.DMA_SOURCE, source);
    put(EduModel.DMA_DESTINATION, destination);
    put(EduModel.DMA_COUNT, count);
    put(EduModel.DMA_COMMAND, command | EduModel.RUN);
  }

  private void in(long iova, long count) {
    dma(iova, EduModel.BUFFER, count, 0);
  }

  private void out(long iova, long count) {
    dma(EduModel.BUFFER, iova, count, EduModel.TO_MEMORY);
  }

  private void fill(long from, long bytes, int value) {
    page.asSlice(from, bytes).fill((byte) value);
  }

  private void holds(long from, long bytes, int value) {
    for (long at = from; at < from + bytes; at++) {
      assertEquals(value, page.get(ValueLayout.JAVA_BYTE, at), "byte " + at);
    }
  }

  @Test
  void identity() {
    assertEquals(0x1234, edu.vendor());
    assertEquals(0x11e8, edu.deviceId());
    assertEquals(0x00ff00, edu.classCode());
    assertEquals(0x10, edu.revision());
    assertEquals(0x010000ed, get(EduModel.IDENT));
  }

  @Test
  void registers() {
    put(EduModel.LIVENESS, 0x11112222);
    assertEquals(0xeeeedddd, get(EduModel.LIVENESS));
    put(EduModel.FACTORIAL, 5);
    assertEquals(120, get(EduModel.FACTORIAL));
    put(EduModel.FACTORIAL, 20);
    assertEquals(0x82b40000, get(EduModel.FACTORIAL));
    put(EduModel.STATUS, 0xff);
    assertEquals(0x80, get(EduModel.STATUS));
    put(EduModel.FACTORIAL, 4);
    assertEquals(1, get(EduModel.INTERRUPT_STATUS));
    put(EduModel.INTERRUPT_RAISE, 7);
    assertEquals(7, get(EduModel.INTERRUPT_STATUS));
    put(EduModel.INTERRUPT_ACKNOWLEDGE, 2);
    assertEquals(5, get(EduModel.INTERRUPT_STATUS));
    put(EduModel.DMA_SOURCE, 0x12345678_9abcdef0L);
    edu.store(0, EduModel.DMA_SOURCE, 4, 0x1234);
    edu.store(0, EduModel.DMA_SOURCE + 4, 4, 0x9999);
    assertEquals(0x1234, edu.readBar(0, EduModel.DMA_SOURCE, 8));
  }

  @Test
  void accessesOfOtherSizes() {
    assertEquals(0, edu.readBar(0, EduModel.IDENT, 1));
    assertEquals(0, edu.readBar(0, EduModel.IDENT, 2));
    assertEquals(-1, edu.readBar(0, EduModel.IDENT, 8));
    assertEquals(-1, get(0x0c));
    assertEquals(-1, get(EduModel.INTERRUPT_RAISE));
    assertEquals(-1, get(0x84));
    assertEquals(-1, get(0xa0));
  }

  @Test
  void bytesGoInAndOut() {
    fill(0, 2048, 0x5a);
    in(IOVA, 64);
    assertEquals(0, edu.readBar(0, EduModel.DMA_COMMAND, 8));
    out(IOVA + 2048, 64);
    assertEquals(EduModel.TO_MEMORY, edu.readBar(0, EduModel.DMA_COMMAND, 8));
    holds(2048, 64, 0x5a);
    holds(2048 + 64, 64, 0);
  }

  @Test
  void aReadThatMeetsAFaultDeliversZeros() {
    fill(0, 64, 0x5a);
    in(IOVA, 64);
    in(IOVA + TestMachine.PAGE, 64);
    fill(2048, 64, 0x11);
    out(IOVA + 2048, 64);
    holds(2048, 64, 0);
  }

  @Test
  void faultsArePageByPage() {
    fill(0, 256, 0x5a);
    in(IOVA, 256);
    fill(TestMachine.PAGE - 64, 64, 0x77);
    in(IOVA + TestMachine.PAGE - 64, 128);
    out(IOVA + 2048, 256);
    holds(2048, 64, 0x77);
    holds(2048 + 64, 64, 0);
    holds(2048 + 128, 128, 0x5a);
  }

  @Test
  void withoutBusMasteringThereIsNoDma() {
    fill(0, 64, 0x5a);
    in(IOVA, 64);
    edu.config().write(PCI_COMMAND(), 2, 2);
    out(IOVA + 2048, 64);
    holds(2048, 64, 0);
    in(IOVA, 64);
    edu.config().write(PCI_COMMAND(), 2, BUS_MASTER_AND_MEMORY);
    fill(2048, 64, 0x11);
    out(IOVA + 2048, 64);
    holds(2048, 64, 0);
  }

  @Test
  void addressesAreCutTo28Bits() {
    fill(0, 64, 0x5a);
    in(IOVA, 64);
    out(0x1000_0000L + IOVA + 2048, 64);
    holds(2048, 64, 0x5a);
  }

  @Test
  void theEndCanRaiseAnInterrupt() {
    dma(IOVA, EduModel.BUFFER, 64, EduModel.INTERRUPT);
    assertEquals(EduModel.INTERRUPT, edu.readBar(0, EduModel.DMA_COMMAND, 8));
    assertEquals(0x100, get(EduModel.INTERRUPT_STATUS));
  }

  @Test
  void anyTransferComesToAnEnd() {
    var random = new SplittableRandom(20_260_101);
    for (int i = 0; i < 1000; i++) {
      long source = random.nextLong(2 * EduModel.BUFFER);
      long destination = random.nextLong(2 * EduModel.BUFFER);
      dma(source, destination, random.nextLong() >>> random.nextInt(64), random.nextInt(2) << 1);
      assertEquals(0, edu.readBar(0, EduModel.DMA_COMMAND, 8) & EduModel.RUN);
    }
  }

  @Test
  void aResetLowersThePinAndKeepsRegistersAndConfiguration() {
    put(EduModel.LIVENESS, 1);
    put(EduModel.INTERRUPT_RAISE, 1);
    assertTrue(edu.interrupts().checkAndMaskPin());
    edu.reset();
    assertFalse(edu.interrupts().checkAndMaskPin());
    assertEquals(~1, get(EduModel.LIVENESS));
    assertEquals(1, get(EduModel.INTERRUPT_STATUS));
    assertTrue(edu.config().busMaster());
  }

  @Test
  void onlyAFunctionThatIsAloneBehindABridgeCanBeReset() {
    assertTrue(edu.resettable());
    machine.edu("0000:02:02.0", bus, machine.group(4));
    assertFalse(edu.resettable());
    assertEquals(Errno.ENOTTY, assertThrows(Refused.class, edu::reset).errno());
    EduFunction onRoot = machine.edu("0000:00:08.0", new PciBus(false), machine.group(5));
    assertFalse(onRoot.resettable());
  }
}
