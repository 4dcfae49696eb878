// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.vfio;

import io.iommufd4j.error.HostException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.MediatedDevice;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.pci.PciDevice;

/** From a device to the path of its VFIO cdev. */
final class CdevPath {

  private CdevPath() {}

  static String of(Host host, PciAddress address) {
    PciDevice device = host.device(address);
    return device
        .cdevPath()
        .orElseThrow(() ->
            new HostException(
                "open the VFIO cdev of " + address,
                Errno.ENODEV,
                device.driver().map(name -> "it is driven by " + name).orElse("it has no driver")
                    + "; bind it to vfio-pci first"));
  }

  static String of(MediatedDevice device) {
    return device
        .cdevPath()
        .orElseThrow(() ->
            new HostException(
                "open the VFIO cdev of " + device.uuid(),
                Errno.ENODEV,
                "its kernel has no VFIO cdevs"));
  }
}
