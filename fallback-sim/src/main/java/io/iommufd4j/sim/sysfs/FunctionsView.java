// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.sysfs;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.fs.Sysfs;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.pci.DriverCore;
import io.iommufd4j.sim.pci.FunctionReset;
import io.iommufd4j.sim.pci.PciFunction;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** {@code /sys/bus/pci/devices}: the attributes of PCI functions. */
final class FunctionsView {

  private static final String NO_OVERRIDE = "(null)";

  private final Sysfs sysfs;
  private final DeviceTree tree;
  private final DriverCore core;

  FunctionsView(Sysfs sysfs, DeviceTree tree, DriverCore core) {
    this.sysfs = sysfs;
    this.tree = tree;
    this.core = core;
  }

  /** A function has come. */
  void show(PciFunction function) {
    String place = tree.place(function);
    sysfs.attribute(place + "/vendor", String.format("0x%04x\n", function.vendor()));
    sysfs.attribute(place + "/device", String.format("0x%04x\n", function.deviceId()));
    sysfs.attribute(place + "/class", String.format("0x%06x\n", function.classCode()));
    sysfs.attribute(place + "/revision", String.format("0x%02x\n", function.revision()));
    sysfs.attribute(
        place + "/subsystem_vendor", String.format("0x%04x\n", function.subsystemVendor()));
    sysfs.attribute(place + "/subsystem_device", String.format("0x%04x\n", function.subsystem()));
    sysfs.attribute(place + "/irq", function.interruptLine() + "\n");
    sysfs.attribute(place + "/modalias", modalias(function) + "\n");
    sysfs.attribute(place + "/resource", ResourceTable.of(function));
    sysfs.binary(place + "/config", function.config()::bytes);
    function.bars().forEach(bar -> sysfs.mappable(place + "/resource" + bar.index()));
    sysfs.link(place + "/subsystem", "bus/pci");
    sysfs.link("bus/pci/devices/" + function.address(), place);
    if (!function.resets().isEmpty()) {
      showResets(function);
    }
  }

  /**
   * A function's driver or override may be another now.
   *
   * @param driver its driver's name, as it is shown; null for none
   * @param enabled true when the driver has switched the function on
   */
  void change(PciFunction function, @Nullable String driver, boolean enabled) {
    String place = tree.place(function);
    sysfs.attribute(
        place + "/driver_override",
        core.override(function).orElse(NO_OVERRIDE) + "\n",
        text -> core.setOverride(function, text));
    sysfs.attribute(place + "/enable", enabled ? "1\n" : "0\n");
    sysfs.attribute(place + "/uevent", event(function, driver));
  }

  /** A function is gone. */
  void remove(PciFunction function) {
    sysfs.remove("bus/pci/devices/" + function.address());
    sysfs.remove(tree.place(function));
  }

  /** {@code reset_method}. */
  private void showResets(PciFunction function) {
    String label =
        function.resets().stream().map(FunctionReset::label).collect(Collectors.joining(" "));
    sysfs.attribute(
        tree.place(function) + "/reset_method",
        label.isEmpty() ? "" : label + "\n",
        text -> {
          function.resets(chosenResets(function, text));
          showResets(function);
        });
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

  private static String modalias(PciFunction function) {
    return String.format(
        "pci:v%08Xd%08Xsv%08Xsd%08Xbc%02Xsc%02Xi%02X",
        function.vendor(),
        function.deviceId(),
        function.subsystemVendor(),
        function.subsystem(),
        function.classCode() >> 16,
        function.classCode() >> 8 & 0xff,
        function.classCode() & 0xff);
  }

  private static String event(PciFunction function, @Nullable String driver) {
    return (driver == null ? "" : "DRIVER=" + driver + "\n")
        + """
        PCI_CLASS=%04X
        PCI_ID=%04X:%04X
        PCI_SUBSYS_ID=%04X:%04X
        PCI_SLOT_NAME=%s
        MODALIAS=%s
        """
            .formatted(
                function.classCode(),
                function.vendor(),
                function.deviceId(),
                function.subsystemVendor(),
                function.subsystem(),
                function.address(),
                modalias(function));
  }
}
