// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.file;

import io.iommufd4j.sim.machine.RegisterBytes;
import io.iommufd4j.sim.pci.PciConfigSpace;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Makes the configuration registers of a function of which the file tells ids and capabilities. */
final class IdReader {

  private static final Pattern IDS = Pattern.compile("(\\p{XDigit}{4}):(\\p{XDigit}{4})");
  private static final int BRIDGE = 0x0604;
  private static final int MOST_VECTORS = 2048;
  private static final int MSI_AT = 0x50;
  private static final int MSIX_AT = 0x60;

  private IdReader() {}

  static RegisterBytes registers(Fields fields) {
    Matcher ids = pair(fields.require("ids", ""));
    Optional<Matcher> subsystem = fields.find("subsystem").map(IdReader::pair);
    int code = fields.require("class", "24 bits, as 0x020000").small(0, 0xff_ffff);
    int revision = fields.find("revision").map(value -> value.small(0, 0xff)).orElse(0);
    boolean express = fields.truth("express");
    PciConfigSpace config =
        RegisterBytes.powerOn(
            express,
            hex(ids, 1),
            hex(ids, 2),
            code << 8 | revision,
            subsystem.map(each -> hex(each, 1)).orElse(0),
            subsystem.map(each -> hex(each, 2)).orElse(0));
    fields.find("irq").ifPresent(value -> config.interrupt(1, value.small(0, 255)));
    if (fields.truth("msi")) {
      config.msi(MSI_AT);
    }
    fields.find("msix").ifPresent(value -> msix(value, config));
    if (code >> 8 == BRIDGE) {
      int bus = fields.require("bus", "the number of the bus behind it").small(1, 255);
      config.bridge(0, bus);
    }
    return RegisterBytes.of(config);
  }

  private static Matcher pair(Value value) {
    return value.matching(IDS, "vendor and device in hexadecimal, as 8086:10d3");
  }

  private static int hex(Matcher matcher, int group) {
    return HexFormat.fromHexDigits(matcher.group(group));
  }

  private static void msix(Value value, PciConfigSpace config) {
    Fields fields = value.fields(MachineKeys.MSIX);
    config.msix(
        MSIX_AT,
        fields.require("vectors", "how many there are").small(1, MOST_VECTORS),
        fields.require("bar", "the BAR that has the table").small(0, 5),
        offset(fields, "table"),
        offset(fields, "pending"));
  }

  private static int offset(Fields fields, String name) {
    Value value = fields.require(name, "its offset in the BAR, a multiple of 8");
    int offset = value.small(0, 0x7fff_fff8);
    if (offset % 8 != 0) {
      throw value.wrong("is no multiple of 8; it wants one");
    }
    return offset;
  }
}
