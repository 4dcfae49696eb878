// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.kernel;

/**
 * The errno of a refusal: one that Linux names, or a number that it does not. Each number is itself
 * and equal to no other, so that none is lost on the way to a log.
 */
public sealed interface ErrnoCode permits Errno, UnnamedErrno {

  /** {@return the number, positive} */
  int number();

  /**
   * {@return the symbolic name, as {@code EINVAL}; for a number without one {@code errno 4000,
   * which Linux does not define}}
   */
  String name();

  /**
   * {@return the words of {@code strerror(3)}, as {@code Invalid argument}; empty without a name}
   */
  String text();

  /** {@return the number as a call returns it, below 0} */
  default int negated() {
    return -number();
  }

  /**
   * The errno of a number.
   *
   * @param number positive or negated
   * @return an {@link Errno} wherever Linux names the number
   */
  static ErrnoCode of(int number) {
    return Errno.find(number)
        .<ErrnoCode>map(errno -> errno)
        .orElseGet(() -> new UnnamedErrno(number));
  }
}
