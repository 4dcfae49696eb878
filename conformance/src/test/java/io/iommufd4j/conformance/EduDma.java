// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.bindings.pci.pci_h;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * The DMA engine of QEMU's {@code edu} device: what it fetches from an IOVA shows which pages the
 * device's translation leads to. Registers are those of QEMU's docs/specs/edu.rst.
 */
public final class EduDma implements Handle {

  private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();
  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

  private static final long BAR_BYTES = 1 << 20;
  private static final long IDENTIFICATION = 0x00;
  private static final long SOURCE = 0x80;
  private static final long DESTINATION = 0x88;
  private static final long COUNT = 0x90;
  private static final long COMMAND = 0x98;
  private static final long START = 1;
  private static final long TO_MEMORY = 2;
  private static final long BUFFER = 0x40000;

  private final OpenDevice device;
  private final MemorySegment bar;

  /** Maps the device's BAR 0 and lets it master the bus. */
  public EduDma(OpenDevice device) {
    this.device = device;
    int command = (int) device.config(pci_h.PCI_COMMAND(), Short.BYTES);
    device.config(
        pci_h.PCI_COMMAND(),
        Short.BYTES,
        command | pci_h.PCI_COMMAND_MEMORY() | pci_h.PCI_COMMAND_MASTER());
    long address =
        Answers.ok(
            device
                .kernel()
                .mmap(
                    BAR_BYTES,
                    libc_h.PROT_READ() | libc_h.PROT_WRITE(),
                    libc_h.MAP_SHARED(),
                    device.fd(),
                    device.regionOffset(0)));
    bar = MemorySegment.ofAddress(address).reinterpret(BAR_BYTES);
  }

  /** The value of the identification register; {@code 0x010000ed} for the model that QEMU has. */
  public int identification() {
    return (int) INT.getVolatile(bar, IDENTIFICATION);
  }

  /** The device reads memory into its own buffer. */
  public void fetch(long iova, int bytes) {
    run(iova, BUFFER, bytes, START);
  }

  /** The device writes its own buffer to memory. */
  public void store(long iova, int bytes) {
    run(BUFFER, iova, bytes, START | TO_MEMORY);
  }

  /**
   * The device reads from one IOVA and writes to another, so that user space sees what it read.
   *
   * @param bytes at most 2048
   */
  public void move(long from, long to, int bytes) {
    fetch(from, bytes);
    store(to, bytes);
  }

  private void run(long source, long destination, int bytes, long command) {
    LONG.setVolatile(bar, SOURCE, source);
    LONG.setVolatile(bar, DESTINATION, destination);
    LONG.setVolatile(bar, COUNT, (long) bytes);
    LONG.setVolatile(bar, COMMAND, command);
    // The model works on a timer of its own, and a loaded machine is slow.
    for (int i = 0; i < 10_000; i++) {
      if (((long) LONG.getVolatile(bar, COMMAND) & START) == 0) {
        assertEquals(source, (long) LONG.getVolatile(bar, SOURCE), "the engine lost its source");
        return;
      }
      pause();
    }
    fail("the DMA engine of " + device + " never finished");
  }

  private static void pause() {
    try {
      Thread.sleep(1);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      fail("interrupted while DMA ran", e);
    }
  }

  @Override
  public void close() {
    Answers.ok(device.kernel().munmap(bar.address(), BAR_BYTES));
  }
}
