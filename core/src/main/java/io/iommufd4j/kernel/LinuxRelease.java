// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.kernel;

import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A release of Linux as its first two numbers, as 6.13. A distribution may have more in its kernel
 * than the release says, so this explains a refusal and predicts none.
 *
 * @param major the first number, as the 6 of 6.13
 * @param minor the second number, as the 13 of 6.13
 */
public record LinuxRelease(int major, int minor) implements Comparable<LinuxRelease> {

  private static final Pattern TEXT = Pattern.compile("(\\d{1,4})\\.(\\d{1,4})(?:\\D.*)?");

  /**
   * {@return the release in a text as {@code 6.12.117-amd64}; empty when it is none}
   *
   * @param text as {@code uname -r} prints it
   */
  public static Optional<LinuxRelease> parse(String text) {
    var numbers = TEXT.matcher(text);
    return numbers.matches()
        ? Optional.of(
            new LinuxRelease(
                Integer.parseInt(numbers.group(1)), Integer.parseInt(numbers.group(2))))
        : Optional.empty();
  }

  /**
   * {@return true if the other one came earlier}
   *
   * @param other the release compared with
   */
  public boolean after(LinuxRelease other) {
    return compareTo(other) > 0;
  }

  @Override
  public int compareTo(LinuxRelease other) {
    return major != other.major
        ? Integer.compare(major, other.major)
        : Integer.compare(minor, other.minor);
  }

  @Override
  public String toString() {
    return major + "." + minor;
  }
}
