// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.examples;

import io.iommufd4j.kernel.Backend;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.pci.VfioBinding;
import io.iommufd4j.vfio.VfioDevice;
import java.util.List;
import java.util.function.Consumer;

/** Takes a device from the host's driver for a while and gives it back, whatever happens. */
public final class BorrowDevice {

  private BorrowDevice() {}

  /**
   * Runs on the host's own kernel.
   *
   * @param arguments the address of a PCI device
   */
  public static void main(String[] arguments) {
    try (var kernel = Backend.NATIVE.open(Backend.Purpose.IOMMUFD)) {
      borrow(kernel, PciAddress.parse(arguments[0]), device -> System.out.println("has " + device));
    }
  }

  static void borrow(Kernel kernel, PciAddress address, Consumer<VfioDevice> work) {
    VfioBinding binding = VfioBinding.prepare(kernel, List.of(address)); // changes nothing yet
    var atSignal = new Thread(binding::restore);
    Runtime.getRuntime().addShutdownHook(atSignal); // after kill -9 a shell beside it does the same
    try (binding) {
      binding.bind();
      try (var device = VfioDevice.open(kernel, address)) {
        work.accept(device);
      }
    } finally {
      Runtime.getRuntime().removeShutdownHook(atSignal);
    }
  }
}
