// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.lib;

import io.iommufd4j.kernel.Errno;

/** Text that user space writes to a file of the kernel's, taken as Linux takes it. */
public final class KernelText {

  private KernelText() {}

  /**
   * {@code kstrtouint} with any base: {@code 0x} before hexadecimal digits, {@code 0} before octal
   * ones, perhaps a plus before that, and perhaps a line end behind.
   *
   * @return the number, to be taken as unsigned
   * @throws Refused EINVAL for what is no number, ERANGE for one of more than 32 bits
   */
  public static int number(String text) {
    String digits = text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
    digits = digits.startsWith("+") ? digits.substring(1) : digits;
    int radix = 10;
    if (digits.regionMatches(true, 0, "0x", 0, 2) && digits.length() > 2) {
      radix = 16;
      digits = digits.substring(2);
    } else if (digits.startsWith("0")) {
      radix = 8;
    }
    if (!digits.matches("[0-9a-fA-F]+")) {
      throw Refused.with(Errno.EINVAL);
    }
    for (int i = 0; i < digits.length(); i++) {
      if (Character.digit(digits.charAt(i), radix) < 0) {
        throw Refused.with(Errno.EINVAL);
      }
    }
    try {
      return Integer.parseUnsignedInt(digits, radix);
    } catch (NumberFormatException tooLarge) {
      throw Refused.with(Errno.ERANGE);
    }
  }

  /**
   * {@code kstrtobool}: the first letters count.
   *
   * @throws Refused EINVAL for what is neither true nor false
   */
  public static boolean truth(String text) {
    return switch (text.isEmpty() ? "" : text.substring(0, 1)) {
      case "y", "Y", "t", "T", "1" -> true;
      case "n", "N", "f", "F", "0" -> false;
      case "o", "O" ->
          switch (text.length() < 2 ? "" : text.substring(1, 2)) {
            case "n", "N" -> true;
            case "f", "F" -> false;
            default -> throw Refused.with(Errno.EINVAL);
          };
      default -> throw Refused.with(Errno.EINVAL);
    };
  }
}
