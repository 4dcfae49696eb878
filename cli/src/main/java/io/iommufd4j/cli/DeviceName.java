package io.iommufd4j.cli;

import picocli.CommandLine.Parameters;

/** The device that a verb is about. */
final class DeviceName {

  @Parameters(
      paramLabel = "DEVICE",
      description =
          "A PCI address (0000:02:01.0 or 02:01.0; without a domain it means 0000, or the only one"
              + " that has such a device), a VFIO cdev (/dev/vfio/devices/vfio0 or vfio0), or the"
              + " device's directory in sysfs.")
  String device = "";
}
