// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.pci;

import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Pattern;

/**
 * A mediated device (mdev): part of another device, or all software, that a VFIO driver shows as a
 * device of its own. Its DMA goes through the driver, which reaches memory by an IOAS; no IOMMU
 * translates for it alone, and a HWPT cannot be made for it.
 *
 * @param uuid the name it was created by
 * @param driver the driver that made it, as {@code mtty}
 * @param type the kind of device, as {@code mtty-1}; empty when sysfs does not tell
 * @param group number of its group, which VFIO made for it
 * @param cdev name of its VFIO cdev, as {@code vfio0}
 */
public record MediatedDevice(
    String uuid, String driver, String type, OptionalInt group, Optional<String> cdev) {

  private static final Pattern UUID =
      Pattern.compile("\\p{XDigit}{8}(?:-\\p{XDigit}{4}){3}-\\p{XDigit}{12}");

  /**
   * {@return true if a text has the form of such a name}
   *
   * @param text blanks around it are ignored
   */
  public static boolean looksLike(String text) {
    return UUID.matcher(text.strip()).matches();
  }

  /** A name as sysfs writes it. */
  static String normalized(String text) {
    return text.strip().toLowerCase(Locale.ROOT);
  }

  /** {@return the path of its VFIO cdev, as {@code /dev/vfio/devices/vfio0}} */
  public Optional<String> cdevPath() {
    return cdev.map("/dev/vfio/devices/"::concat);
  }
}
