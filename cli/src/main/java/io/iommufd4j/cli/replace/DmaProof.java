// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.replace;

import io.iommufd4j.pci.PciAddress;
import java.util.List;

/**
 * The memory that DMA reached. Each device copied, by its own engine, from one IOVA to another,
 * before the replace and after; both buffers were looked at each time.
 *
 * @param bytes in each copy
 * @param from the IOVA read
 * @param runs one for each device and time
 */
public record DmaProof(int bytes, long from, List<Run> runs) {

  /** Copies the list. */
  public DmaProof {
    runs = List.copyOf(runs);
  }

  /**
   * One copy by one device.
   *
   * @param device which
   * @param after true after the replace, false before
   * @param to the IOVA written
   * @param expected the letter of the buffer that translation led to
   * @param buffers the bytes in each buffer at the IOVA written
   */
  public record Run(
      PciAddress device, boolean after, long to, char expected, List<Landing> buffers) {

    /** Copies the list. */
    public Run {
      buffers = List.copyOf(buffers);
    }

    /** True if the expected buffer's bytes arrived in it, and nothing in any other. */
    public boolean holds() {
      return buffers.stream()
          .allMatch(landing ->
              landing.buffer() == expected
                  ? landing.bytesOf() == expected
                  : landing.bytesOf() == NOTHING);
    }
  }

  /** {@link Landing#bytesOf} where no byte arrived. */
  public static final char NOTHING = ' ';

  /** {@link Landing#bytesOf} where bytes arrived that are of no buffer. */
  public static final char UNKNOWN = '?';

  /**
   * The content of a buffer after a copy.
   *
   * @param buffer its letter
   * @param bytesOf the letter of the buffer whose bytes these are, {@link #NOTHING} or {@link
   *     #UNKNOWN}
   * @param hex the first bytes, in hexadecimal
   * @param text the same as text, a dot for what cannot be printed
   */
  public record Landing(char buffer, char bytesOf, String hex, String text) {}

  /**
   * Pages that a buffer needs.
   *
   * @param devices that copy
   */
  static int pages(int devices) {
    return 1 + devices;
  }

  /** True if every run holds. */
  public boolean holds() {
    return runs.stream().allMatch(Run::holds);
  }
}
