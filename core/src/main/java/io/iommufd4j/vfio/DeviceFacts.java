// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.vfio;

import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.IommuGroup;
import io.iommufd4j.pci.PciDevice;
import io.iommufd4j.pci.ReservedRegion;
import io.iommufd4j.wire.KernelFile;
import io.iommufd4j.wire.ProcessFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The device behind a descriptor, as sysfs shows it.
 *
 * @param host where to look further
 * @param device the device itself
 */
record DeviceFacts(Host host, PciDevice device) {

  private static final String SYSPATH = "vfio-device-syspath:";

  /** The PCI function whose cdev is open; empty when it cannot be found, or is none. */
  static Optional<DeviceFacts> of(KernelFile file) {
    Kernel kernel = file.kernel();
    var host = Host.of(kernel);
    return file.path()
        .flatMap(path -> locate(host, path))
        .or(() -> described(kernel, host, file.fd()))
        .or(() -> ProcessFiles.of(kernel).link(file.fd()).flatMap(path -> locate(host, path)));
  }

  private static Optional<DeviceFacts> locate(Host host, String path) {
    try {
      return Optional.of(new DeviceFacts(host, host.locate(path)));
    } catch (RuntimeException noDeviceOfThatName) {
      return Optional.empty();
    }
  }

  /** Newer kernels name the device in {@code fdinfo}, whatever its node is called. */
  private static Optional<DeviceFacts> described(Kernel kernel, Host host, int fd) {
    return ProcessFiles.of(kernel)
        .info(fd, SYSPATH)
        .map(path -> Path.of(path).getFileName())
        .flatMap(name -> locate(host, name.toString()));
  }

  /** Its IOMMU group. */
  Optional<IommuGroup> group() {
    return host.groupOf(device);
  }

  /** The IOVAs that its group reserves, less those that user space may map all the same. */
  List<ReservedRegion> reserved() {
    return group().stream()
        .flatMap(group -> group.reserved().stream())
        .filter(region -> !region.type().equals("direct-relaxable"))
        .toList();
  }

  /** Its siblings that VFIO drives. */
  List<PciDevice> vfioSiblings() {
    return host.siblings(device).stream().filter(sibling -> sibling.cdev().isPresent()).toList();
  }

  /** Its address and, where there is one, its driver's name. */
  static String named(PciDevice device) {
    return device.address() + device.driver().map(driver -> " (" + driver + ")").orElse("");
  }

  /** "group 3", or "its group" where the number is not known. */
  String groupName() {
    return device.group().isPresent() ? "group " + device.group().getAsInt() : "its group";
  }

  /** A module parameter as sysfs shows it. */
  Optional<String> parameter(String module, String name) {
    try {
      Path file = host.sysfs().resolve("module").resolve(module).resolve("parameters");
      return Optional.of(Files.readString(file.resolve(name)).strip());
    } catch (IOException notShown) {
      return Optional.empty();
    }
  }
}
