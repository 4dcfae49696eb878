package io.iommufd4j.vfio;

import io.iommufd4j.error.HostException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.MediatedDevice;
import io.iommufd4j.pci.PciDevice;

/** From the names people give a device to the path of its VFIO cdev. */
final class CdevPath {

  private static final String DEV = "/dev/";

  private CdevPath() {}

  static String of(Host host, String where) {
    if (where.startsWith(DEV)) {
      // Opened as it is: open(2) knows best, and sysfs need not be there.
      return where;
    }
    if (MediatedDevice.looksLike(where)) {
      return host.mediatedDevice(where)
          .flatMap(MediatedDevice::cdevPath)
          .orElseThrow(() ->
              new HostException(
                  "open the VFIO cdev of " + where,
                  Errno.ENODEV,
                  "there is no such mediated device, or its kernel has no VFIO cdevs"));
    }
    PciDevice device = host.locate(where);
    return device
        .cdevPath()
        .orElseThrow(() ->
            new HostException(
                "open the VFIO cdev of " + device.address(),
                Errno.ENODEV,
                device.driver().map(name -> "it is driven by " + name).orElse("it has no driver")
                    + "; bind it to vfio-pci first"));
  }
}
