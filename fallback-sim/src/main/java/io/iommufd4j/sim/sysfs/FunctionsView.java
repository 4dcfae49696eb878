// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.sysfs;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.fs.Sysfs;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.pci.DriverCore;
import io.iommufd4j.sim.pci.FunctionReset;
import io.iommufd4j.sim.pci.PciDriver;
import io.iommufd4j.sim.pci.PciFunction;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** {@code /sys/bus/pci/devices}: the attributes of PCI functions. */
final class FunctionsView {

  /** The attributes that are texts and cannot be written, of {@link #text}. */
  private static final List<String> READ_ONLY =
      List.of(
          "class",
          "device",
          "enable",
          "irq",
          "modalias",
          "resource",
          "revision",
          "subsystem_device",
          "subsystem_vendor",
          "uevent",
          "vendor");

  private static final String NO_OVERRIDE = "(null)";
  private static final HexFormat LOWER = HexFormat.of();
  private static final HexFormat UPPER = LOWER.withUpperCase();

  private final Sysfs sysfs;
  private final DriverCore core;
  private final Predicate<PciFunction> enabled;

  /**
   * Shows nothing yet.
   *
   * @param enabled true of a function that its driver has switched on
   */
  FunctionsView(Sysfs sysfs, DriverCore core, Predicate<PciFunction> enabled) {
    this.sysfs = sysfs;
    this.core = core;
    this.enabled = enabled;
  }

  /** Shows all of a function's directory but links to what it belongs to. */
  void show(PciFunction function, String place) {
    for (String name : READ_ONLY) {
      sysfs.attribute(place + "/" + name, () -> text(function, name));
    }
    sysfs.binary(place + "/config", function.config()::bytes);
    function.bars().forEach(bar -> sysfs.mappable(place + "/resource" + bar.index()));
    sysfs.link(place + "/subsystem", "bus/pci");
    sysfs.attribute(
        place + "/driver_override",
        () -> core.override(function).orElse(NO_OVERRIDE) + "\n",
        text -> core.setOverride(function, text));
    if (!function.resets().isEmpty()) {
      showResets(function, place);
    }
  }

  private String text(PciFunction function, String name) {
    return switch (name) {
      case "class" -> hex(function.classCode(), 6);
      case "device" -> hex(function.deviceId(), 4);
      case "enable" -> enabled.test(function) ? "1\n" : "0\n";
      case "irq" -> function.interruptLine() + "\n";
      case "modalias" -> modalias(function) + "\n";
      case "resource" -> ResourceTable.of(function);
      case "revision" -> hex(function.revision(), 2);
      case "subsystem_device" -> hex(function.subsystem(), 4);
      case "subsystem_vendor" -> hex(function.subsystemVendor(), 4);
      case "uevent" -> event(function);
      case "vendor" -> hex(function.vendor(), 4);
      default -> throw new IllegalArgumentException(name);
    };
  }

  /** {@code reset_method}. */
  private void showResets(PciFunction function, String place) {
    sysfs.attribute(
        place + "/reset_method",
        () -> {
          String labels =
              function.resets().stream().map(FunctionReset::label).collect(Collectors.joining(" "));
          return labels.isEmpty() ? "" : labels + "\n";
        },
        text -> function.resets(chosenResets(function, text)));
  }

  private static List<FunctionReset> chosenResets(PciFunction function, String text) {
    List<FunctionReset> possible = function.possibleResets();
    if (text.equals("default")) {
      return possible;
    }
    return Pattern.compile(" +")
        .splitAsStream(text)
        .filter(Predicate.not(String::isEmpty))
        .map(name ->
            possible.stream()
                .filter(way -> way.label().equals(name))
                .findFirst()
                .orElseThrow(() -> Refused.with(Errno.EINVAL)))
        .toList();
  }

  /** A number as its attribute shows it. */
  private static String hex(long number, int digits) {
    return "0x" + LOWER.toHexDigits(number, digits) + "\n";
  }

  private static String modalias(PciFunction function) {
    return "pci:v"
        + UPPER.toHexDigits(function.vendor(), 8)
        + "d"
        + UPPER.toHexDigits(function.deviceId(), 8)
        + "sv"
        + UPPER.toHexDigits(function.subsystemVendor(), 8)
        + "sd"
        + UPPER.toHexDigits(function.subsystem(), 8)
        + "bc"
        + UPPER.toHexDigits(function.classCode() >> 16, 2)
        + "sc"
        + UPPER.toHexDigits(function.classCode() >> 8, 2)
        + "i"
        + UPPER.toHexDigits(function.classCode(), 2);
  }

  private String event(PciFunction function) {
    @Nullable String driver = core.shownDriver(function).map(PciDriver::name).orElse(null);
    int code = function.classCode();
    int digits = Math.max(4, (Integer.SIZE - Integer.numberOfLeadingZeros(code) + 3) / 4);
    return (driver == null ? "" : "DRIVER=" + driver + "\n")
        + ("PCI_CLASS=" + UPPER.toHexDigits(code, digits) + "\n")
        + ("PCI_ID=" + pair(function.vendor(), function.deviceId()) + "\n")
        + ("PCI_SUBSYS_ID=" + pair(function.subsystemVendor(), function.subsystem()) + "\n")
        + ("PCI_SLOT_NAME=" + function.address() + "\n")
        + ("MODALIAS=" + modalias(function) + "\n");
  }

  private static String pair(int vendor, int device) {
    return UPPER.toHexDigits(vendor, 4) + ":" + UPPER.toHexDigits(device, 4);
  }
}
