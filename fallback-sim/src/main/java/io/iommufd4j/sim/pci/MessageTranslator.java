// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.pci;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.iommu.IommuDomain;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.Registers;
import io.iommufd4j.sim.mm.UserMemory;

/**
 * A function's part of the interrupt translation service of arm64's GIC ({@code struct
 * its_device}): the one message that it may send. Behind an SMMUv3 a message is translated as any
 * other write, so the function reaches the service only through a domain that maps its page.
 */
public final class MessageTranslator {

  /** The page that takes messages, above all memory and BARs. */
  static final long PAGE = 1L << 49;

  /** {@code GITS_TRANSLATER} within it. */
  private static final int REGISTER = 0x40;

  private final IommuDevice device;
  private boolean taken;
  private long address;

  MessageTranslator(IommuDevice device) {
    this.device = device;
  }

  /** True if the function's messages are translated, and so come through here. */
  boolean serves() {
    return device.messageWindow() != IommuDevice.NO_WINDOW;
  }

  /**
   * {@code its_irq_domain_alloc}: takes the message, and looks up where the function finds the
   * service.
   *
   * @throws Refused ENOSPC without either
   */
  synchronized void allocate() {
    if (taken) {
      throw Refused.with(Errno.ENOSPC);
    }
    taken = true;
    try {
      long page = device.translated() ? device.group().prepareMessages(device, PAGE) : PAGE;
      address = page + REGISTER;
    } catch (Refused refused) {
      // Of all reasons the PCI core makes one.
      throw Refused.with(Errno.ENOSPC);
    }
  }

  /** {@code its_irq_domain_free}. */
  synchronized void free() {
    taken = false;
  }

  /** The function writes its message: whether that arrives. */
  synchronized boolean reached() {
    IommuDomain through = device.steered();
    if (through == null) {
      return false;
    }
    long physical = through.translate(address, true);
    if (physical == IommuDomain.FAULT) {
      through.reportFault(device, address, true);
    }
    return physical == PAGE + REGISTER;
  }

  /** Has the page where DMA finds it: it takes nothing that does not say which function it is. */
  public static void place(UserMemory memory) {
    memory.placeRegisters(
        PAGE,
        UserMemory.PAGE_SIZE,
        new Registers() {
          @Override
          public long read(long offset, int bytes) {
            return 0;
          }

          @Override
          public void write(long offset, int bytes, long value) {}
        });
  }
}
