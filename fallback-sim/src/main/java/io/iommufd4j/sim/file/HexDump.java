// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.file;

import io.iommufd4j.sim.machine.RegisterBytes;
import io.iommufd4j.sim.pci.PciConfigSpace;
import java.util.HexFormat;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Configuration registers as {@code lspci -x} prints them: lines of an offset and bytes. What no
 * line tells reads 0.
 */
final class HexDump {

  private static final Pattern LINE =
      Pattern.compile("\\s*(\\p{XDigit}{2,3}):((?:\\s+\\p{XDigit}{2}){1,16})\\s*");
  private static final Pattern SPACE = Pattern.compile("\\s+");
  private static final int ROW = 16;

  private HexDump() {}

  /**
   * Reads a dump.
   *
   * @param size bytes of configuration space
   */
  static RegisterBytes read(Value dump, int size) {
    var bytes = new byte[size];
    int line = dump.textLine();
    int from = 0;
    for (String text : dump.text().lines().toList()) {
      if (!text.isBlank()) {
        from = row(dump, line, text, from, bytes);
      }
      line++;
    }
    if (from < PciConfigSpace.HEADER) {
      throw dump.wrong("ends before the header does; it wants lines from 00: to 30: at least");
    }
    return RegisterBytes.of(bytes);
  }

  private static int row(Value dump, int line, String text, int from, byte[] bytes) {
    Matcher row = LINE.matcher(text);
    if (!row.matches()) {
      throw dump.wrongAt(
          line, "'" + text.strip() + "' is no line of a dump; it wants 00: and bytes, as 86 80");
    }
    int at = Integer.parseInt(row.group(1), 16);
    if (at < from) {
      throw dump.wrongAt(line, "goes back to " + row.group(1) + ":; it wants offsets that rise");
    }
    for (String two : SPACE.splitAsStream(row.group(2).strip()).toList()) {
      if (at >= bytes.length) {
        throw dump.wrongAt(
            line, "goes beyond " + bytes.length + " bytes; it wants config-size: 4096, or less");
      }
      bytes[at++] = (byte) Integer.parseInt(two, 16);
    }
    return at;
  }

  /** Writes one, without the lines of zeros behind the header. */
  static String write(RegisterBytes registers, String indent) {
    var dump = new StringBuilder();
    byte[] bytes = registers.bytes();
    for (int at = 0; at < bytes.length; at += ROW) {
      boolean any = at < PciConfigSpace.HEADER;
      for (int i = at; i < at + ROW; i++) {
        any |= bytes[i] != 0;
      }
      if (any) {
        dump.append(indent).append("%02x:".formatted(at));
        for (int i = at; i < at + ROW; i++) {
          dump.append(' ').append(HexFormat.of().toHexDigits(bytes[i]));
        }
        dump.append('\n');
      }
    }
    return dump.toString();
  }
}
