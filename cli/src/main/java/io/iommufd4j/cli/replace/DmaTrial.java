// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.replace;

import io.iommufd4j.cli.replace.DmaProof.Landing;
import io.iommufd4j.cli.replace.DmaProof.Run;
import io.iommufd4j.pci.PciAddress;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/**
 * Has the devices copy and looks at what arrived where. The first page of each buffer says over and
 * over whose it is; each device writes to a page of its own behind it.
 */
final class DmaTrial {

  private static final int BYTES = 64;
  private static final int SHOWN = 16;

  /** One device and its engine. */
  record Driver(PciAddress device, EduEngine engine) {}

  private final List<Driver> drivers;
  private final List<Side> buffers;
  private final long iova;
  private final long page;
  private final List<Run> runs = new ArrayList<>();

  /**
   * Writes each buffer's letter into it.
   *
   * @param buffers the distinct buffers
   * @param iova at which they are mapped
   * @param page bytes in a page
   */
  DmaTrial(List<Driver> drivers, List<Side> buffers, long iova, long page) {
    this.drivers = drivers;
    this.buffers = buffers;
    this.iova = iova;
    this.page = page;
    for (Side side : buffers) {
      MemorySegment.copy(pattern(side.buffer()), 0, side.memory(), ValueLayout.JAVA_BYTE, 0, BYTES);
    }
  }

  /**
   * Has every device copy once.
   *
   * @param after true once the replace has been done
   * @param expected the letter of the buffer that translation should lead to
   */
  void run(boolean after, char expected) {
    for (int i = 0; i < drivers.size(); i++) {
      Driver driver = drivers.get(i);
      long landing = (1 + i) * page;
      buffers.forEach(side -> side.memory().asSlice(landing, BYTES).fill((byte) 0));
      driver.engine().copy(iova, iova + landing, BYTES);
      List<Landing> seen = buffers.stream().map(side -> look(side, landing)).toList();
      runs.add(new Run(driver.device(), after, iova + landing, expected, seen));
    }
  }

  DmaProof proof() {
    return new DmaProof(BYTES, iova, runs);
  }

  private Landing look(Side side, long landing) {
    byte[] bytes = side.memory().asSlice(landing, BYTES).toArray(ValueLayout.JAVA_BYTE);
    byte[] shown = Arrays.copyOf(bytes, SHOWN);
    return new Landing(
        side.buffer(), whose(bytes), HexFormat.of().formatHex(shown), printable(shown));
  }

  private char whose(byte[] bytes) {
    if (Arrays.equals(bytes, new byte[BYTES])) {
      return DmaProof.NOTHING;
    }
    return buffers.stream()
        .map(Side::buffer)
        .filter(letter -> Arrays.equals(bytes, pattern(letter)))
        .findFirst()
        .orElse(DmaProof.UNKNOWN);
  }

  private static byte[] pattern(char letter) {
    String text = "this is buffer " + letter;
    return text.repeat(BYTES / text.length()).getBytes(StandardCharsets.US_ASCII);
  }

  private static String printable(byte[] bytes) {
    var text = new StringBuilder();
    for (byte octet : bytes) {
      text.append(octet >= ' ' && octet < 0x7f ? (char) octet : '.');
    }
    return text.toString();
  }
}
