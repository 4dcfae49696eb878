// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.kernel;

/**
 * A number that Linux gives to no errno, as a driver's own.
 *
 * @param number positive
 */
public record UnnamedErrno(int number) implements ErrnoCode {

  /** Takes the number positive or negated. */
  public UnnamedErrno {
    number = Math.abs(number);
  }

  @Override
  public String name() {
    return "errno " + number + ", which Linux does not define";
  }

  @Override
  public String text() {
    return "";
  }

  @Override
  public String toString() {
    return name();
  }
}
