// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.machine;

import io.iommufd4j.Ioas;
import io.iommufd4j.Iommufd;
import io.iommufd4j.data.HwRegisters;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.pci.PciDevice;
import io.iommufd4j.pci.VfioHolders;
import io.iommufd4j.vfio.VfioDevice;
import java.util.List;
import java.util.Optional;

/**
 * The answers of {@code /dev/iommu} about an IOMMU that sysfs does not show: asked through a device
 * that a VFIO driver has and nobody uses, which is bound and attached for a moment and so reset.
 */
final class IommuProbe {

  /**
   * The answers.
   *
   * @param registers {@code IOMMU_GET_HW_INFO}
   * @param lastIova inclusive, of the last range that a device may use
   * @param alignment bytes that IOVAs are a multiple of
   */
  record Answer(HwRegisters registers, long lastIova, long alignment) {}

  private IommuProbe() {}

  /**
   * Asks.
   *
   * @return empty where no device can be bound
   */
  static Optional<Answer> ask(Kernel kernel, String iommu, List<PciDevice> devices) {
    var holders = VfioHolders.of(kernel);
    return devices.stream()
        .filter(device -> device.cdev().isPresent())
        .filter(device -> device.iommu().filter(its -> its.name().equals(iommu)).isPresent())
        .filter(device -> holders.of(device).isEmpty())
        .flatMap(device -> ask(kernel, device).stream())
        .findFirst();
  }

  private static Optional<Answer> ask(Kernel kernel, PciDevice device) {
    try (Iommufd iommufd = Iommufd.open(kernel);
        VfioDevice opened = VfioDevice.openCdev(kernel, device.cdevPath().orElseThrow())) {
      HwRegisters registers = iommufd.hwInfo(opened.bind(iommufd)).registers();
      Ioas ioas = iommufd.newIoas();
      opened.attach(ioas);
      var ranges = ioas.iovaRanges();
      long last = ranges.ranges().getLast().last();
      opened.detach();
      return Optional.of(new Answer(registers, last, ranges.alignment()));
    } catch (KernelException refused) {
      return Optional.empty();
    }
  }
}
