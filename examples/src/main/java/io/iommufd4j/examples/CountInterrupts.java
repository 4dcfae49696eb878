// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.examples;

import io.iommufd4j.Iommufd;
import io.iommufd4j.event.Events;
import io.iommufd4j.event.Watch;
import io.iommufd4j.kernel.Backend;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.vfio.VfioDevice;
import io.iommufd4j.vfio.interrupt.PciIrq;
import java.io.PrintStream;
import java.time.Duration;

/** Counts the interrupts of a device until it is quiet. */
public final class CountInterrupts {

  private CountInterrupts() {}

  /** Takes the address of a device that vfio-pci has, and runs on the host's own kernel. */
  public static void main(String[] arguments) {
    try (var kernel = Backend.NATIVE.open(Backend.Purpose.IOMMUFD);
        var iommufd = Iommufd.open(kernel);
        var device = VfioDevice.open(kernel, PciAddress.parse(arguments[0]))) {
      device.bind(iommufd);
      count(kernel, device, System.out);
    }
  }

  static void count(Kernel kernel, VfioDevice device, PrintStream out) {
    try (var messages = device.interrupts().open(PciIrq.MSI, 1)) {
      var events = Events.on(kernel);
      Watch completed = events.watch(messages.vector(0));
      messages.raise(0); // as the device does when a request is done
      while (events.await(Duration.ofMillis(100)) > 0) {
        if (completed.readable()) {
          out.println(messages.vector(0).take() + " since the last time");
        }
      }
    }
  }
}
