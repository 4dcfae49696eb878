// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.pci;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The address of a PCI function: {@code domain:bus:device.function}, in hex.
 *
 * @param domain 0..0x7fffffff; 0 on most machines
 * @param bus 0..255
 * @param device 0..31
 * @param function 0..7
 */
public record PciAddress(int domain, int bus, int device, int function)
    implements Comparable<PciAddress> {

  private static final int MAX_BUS = 0xff;
  private static final int MAX_DEVICE = 0x1f;
  private static final int MAX_FUNCTION = 7;

  private static final Pattern FORM =
      Pattern.compile(
          "(?:(?<domain>\\p{XDigit}{1,8}):)?(?<bus>\\p{XDigit}{1,2})"
              + ":(?<device>\\p{XDigit}{1,2})\\.(?<function>[0-9a-fA-F])");

  /**
   * Checks the ranges.
   *
   * @throws IllegalArgumentException when a part is out of its range; the message names it
   */
  public PciAddress {
    inRange("domain", domain, Integer.MAX_VALUE);
    inRange("bus", bus, MAX_BUS);
    inRange("device", device, MAX_DEVICE);
    inRange("function", function, MAX_FUNCTION);
  }

  /**
   * Reads the full form, as {@code 0000:02:01.0}, or the short one without domain, as {@code
   * 02:01.0}, which means domain 0.
   *
   * @param text blanks around it are ignored
   * @return the address, in domain 0 for a short form
   * @throws IllegalArgumentException when the text is neither; the message says what was expected
   */
  public static PciAddress parse(String text) {
    var form = FORM.matcher(text.strip());
    if (!form.matches()) {
      throw new IllegalArgumentException(
          "'"
              + text
              + "' is not a PCI address: expected [domain:]bus:device.function in hex, as"
              + " 0000:02:01.0 or 02:01.0");
    }
    String domain = form.group("domain");
    try {
      return new PciAddress(
          domain == null ? 0 : Integer.parseInt(domain, 16),
          Integer.parseInt(form.group("bus"), 16),
          Integer.parseInt(form.group("device"), 16),
          Integer.parseInt(form.group("function"), 16));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "'" + text + "' is not a PCI address: domain is above 7fffffff", e);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "'" + text + "' is not a PCI address: " + e.getMessage(), e);
    }
  }

  /**
   * {@return true if a text has the form of an address, full or short; its parts may be out of
   * range}
   *
   * @param text blanks around it are ignored
   */
  public static boolean looksLike(String text) {
    return FORM.matcher(text.strip()).matches();
  }

  /** True if an address is in the full form; the short one leaves the domain open. */
  static boolean namesDomain(String text) {
    var form = FORM.matcher(text.strip());
    return form.matches() && form.group("domain") != null;
  }

  /** The same place on the bus of another domain. */
  PciAddress inDomain(int other) {
    return new PciAddress(other, bus, device, function);
  }

  @Override
  public int compareTo(PciAddress other) {
    return Long.compare(order(), other.order());
  }

  // Written out, as hashCode and toString: what a record generates is linked again in each JVM, and
  // takes a command line tool longer than all else that it does with addresses.
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof PciAddress address && order() == address.order();
  }

  @Override
  public int hashCode() {
    return Long.hashCode(order());
  }

  /** The four parts in one number, the domain first. */
  private long order() {
    return (long) domain << 16 | bus << 8 | device << 3 | function;
  }

  /**
   * {@return true if another function is of the same slot, and so perhaps of the same device}
   *
   * @param other a function that may be this one
   */
  public boolean sameSlot(PciAddress other) {
    return domain == other.domain && bus == other.bus && device == other.device;
  }

  /** The full form, as sysfs names the device. */
  @Override
  public String toString() {
    return hex(domain, 4) + ':' + hex(bus, 2) + ':' + hex(device, 2) + '.' + hex(function, 1);
  }

  private static String hex(int value, int digits) {
    String hex = Integer.toHexString(value);
    return "0".repeat(Math.max(0, digits - hex.length())) + hex;
  }

  private static void inRange(String part, int value, int max) {
    if (value < 0 || value > max) {
      throw new IllegalArgumentException(
          String.format("%s %x is not within 0..%x", part, value, max));
    }
  }
}
