// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.machine;

import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.sim.driver.IommuModel;

/**
 * The platform around the PCI functions: the addresses and interrupts that firmware or Linux gives
 * them.
 */
enum Platform {
  /** QEMU's {@code q35}, whose firmware has configured all functions before Linux starts. */
  X86(0xfe70_0000L, true),

  /** QEMU's {@code virt} for arm64, without firmware: Linux configures the functions. */
  ARM64(0x1000_0000, false);

  private final long firstBar;
  private final boolean firmware;

  Platform(long firstBar, boolean firmware) {
    this.firstBar = firstBar;
    this.firmware = firmware;
  }

  /** The one that has such an IOMMU. */
  static Platform of(IommuModel iommu) {
    return iommu.ofArm() ? ARM64 : X86;
  }

  /** Bus address of the first BAR; the others follow. */
  long firstBar() {
    return firstBar;
  }

  /** True if firmware has enabled the functions before Linux starts. */
  boolean hasFirmware() {
    return firmware;
  }

  /**
   * The IRQ of a function's INTA. On x86 two slots share a line, and so do the next two. On arm64
   * there are four lines by turns, numbered by Linux in the order in which it meets them: the lab's
   * file systems are on the second and the third and come first, each with two messages more.
   */
  int interruptLine(PciAddress address) {
    return switch (this) {
      case X86 -> 10 + (address.device() >> 1) % 2;
      case ARM64 ->
          switch (address.device() % 4) {
            case 0 -> 24;
            case 1 -> 18;
            case 2 -> 21;
            default -> 25;
          };
    };
  }
}
