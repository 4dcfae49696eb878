// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.examples;

import io.iommufd4j.DmaBuffer;
import io.iommufd4j.Hwpt;
import io.iommufd4j.Ioas;
import io.iommufd4j.Iommufd;
import io.iommufd4j.kernel.Backend;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.uapi.Access;
import io.iommufd4j.uapi.PageTableId;
import io.iommufd4j.vfio.AttachOutcome;
import io.iommufd4j.vfio.VfioDevice;
import java.io.PrintStream;

/** Replaces the translation under a device: its DMA meets one buffer, and then another. */
public final class ReplaceTranslation {

  private static final long IOVA = 0x100_0000;

  private ReplaceTranslation() {}

  /**
   * Runs on the host's own kernel.
   *
   * @param arguments the address of a PCI device that vfio-pci has
   */
  public static void main(String[] arguments) {
    try (var kernel = Backend.NATIVE.open(Backend.Purpose.IOMMUFD)) {
      replace(kernel, PciAddress.parse(arguments[0]), System.out);
    }
  }

  static void replace(Kernel kernel, PciAddress address, PrintStream out) {
    try (var iommufd = Iommufd.open(kernel);
        var device = VfioDevice.open(kernel, address);
        var a = DmaBuffer.allocate(kernel, 1 << 20);
        var b = DmaBuffer.allocate(kernel, 1 << 20)) {
      device.bind(iommufd);
      Ioas now = iommufd.newIoas();
      Ioas next = iommufd.newIoas();
      now.map(a.segment(), IOVA, Access.READ_WRITE);
      next.map(b.segment(), IOVA, Access.READ_WRITE);
      Hwpt translatesNow = iommufd.newHwpt(device, now);
      Hwpt translatesNext = iommufd.newHwpt(device, next);

      device.attach(translatesNow);
      device.replace(translatesNext); // DMA meets a's pages, b's, or for a moment none
      // The way back. A refusal that a program may expect is a value.
      switch (device.tryReplace(translatesNow)) {
        case AttachOutcome.Attached(PageTableId table) -> out.println("back on " + table);
        case AttachOutcome.Refused refused -> out.println(refused.cause().getMessage());
      }
    }
  }
}
