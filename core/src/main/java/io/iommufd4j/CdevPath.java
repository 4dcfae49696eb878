package io.iommufd4j;

import io.iommufd4j.kernel.Kernel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** From the names people give a device to the path of its VFIO cdev. */
final class CdevPath {

  private static final String DEV = "/dev/";
  private static final String SYS = "/sys/";
  private static final String CDEVS = "/dev/vfio/devices/";

  private static final Pattern ADDRESS =
      Pattern.compile(
          "(?:(\\p{XDigit}{4,8}):)?(\\p{XDigit}{2}):(\\p{XDigit}{2})\\.([0-7])",
          Pattern.CASE_INSENSITIVE);

  private CdevPath() {}

  static String of(Kernel kernel, String where) {
    if (where.startsWith(DEV)) {
      return where;
    }
    if (where.startsWith(SYS)) {
      return ofDirectory(kernel.sysfs().resolve(where.substring(SYS.length())), where);
    }
    Matcher address = ADDRESS.matcher(where);
    if (!address.matches()) {
      throw new IllegalArgumentException(
          where
              + " names no device: give a PCI address (0000:02:01.0 or 02:01.0), its directory in"
              + " /sys, or /dev/vfio/devices/vfioN");
    }
    String full = (address.group(1) == null ? "0000:" : "") + where.toLowerCase(Locale.ROOT);
    return ofDirectory(kernel.sysfs().resolve("bus/pci/devices").resolve(full), where);
  }

  private static String ofDirectory(Path device, String where) {
    if (!Files.isDirectory(device)) {
      throw new NoVfioDeviceException(where, "no such device: there is no " + device);
    }
    Path cdevs = device.resolve("vfio-dev");
    if (!Files.isDirectory(cdevs)) {
      throw new NoVfioDeviceException(
          where, driver(device) + ", so it has no VFIO cdev; bind it to vfio-pci first");
    }
    try (DirectoryStream<Path> names = Files.newDirectoryStream(cdevs, "vfio*")) {
      for (Path name : names) {
        return CDEVS + name.getFileName();
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + cdevs, e);
    }
    throw new NoVfioDeviceException(where, "its VFIO cdev is gone: " + cdevs + " is empty");
  }

  private static String driver(Path device) {
    Path link = device.resolve("driver");
    try {
      return "it is driven by " + link.toRealPath().getFileName();
    } catch (IOException e) {
      return "no driver is bound to it";
    }
  }
}
