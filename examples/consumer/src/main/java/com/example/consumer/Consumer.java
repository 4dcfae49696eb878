// SPDX-License-Identifier: Apache-2.0
package com.example.consumer;

import io.iommufd4j.DmaBuffer;
import io.iommufd4j.Iommufd;
import io.iommufd4j.kernel.Backend;
import io.iommufd4j.kernel.KernelIdentity;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.pci.VfioBinding;
import io.iommufd4j.sim.Machine;
import io.iommufd4j.sim.SimKernel;
import io.iommufd4j.uapi.Access;
import io.iommufd4j.vfio.VfioDevice;
import java.util.List;

/** Replaces a translation on a simulated kernel, and asks the host's own kernel who runs this. */
public final class Consumer {

  private static final PciAddress DEVICE = PciAddress.parse("0000:00:08.0");

  private Consumer() {}

  /** Takes no arguments. */
  public static void main(String[] arguments) {
    try (var kernel = SimKernel.on(Machine.named("two-function:vtd"));
        var _ = VfioBinding.bind(kernel, List.of(DEVICE));
        var iommufd = Iommufd.open(kernel);
        var device = VfioDevice.open(kernel, DEVICE);
        var buffer = DmaBuffer.allocate(kernel, 4096)) {
      device.bind(iommufd);
      var before = device.attach(iommufd.newIoas());
      var next = iommufd.newIoas();
      next.map(buffer.segment(), Access.READ_WRITE);
      var after = device.replace(next);
      System.out.println(kernel.identity() + ": from " + before + " to " + after);
    }
    // The host's own kernel is there as well; it needs no IOMMU to say who asks.
    try (var kernel = Backend.provider(KernelIdentity.NATIVE).open()) {
      System.out.println(kernel.identity() + ": user " + kernel.process().userId());
    }
    System.out.println("ran as " + Consumer.class.getModule());
  }
}
