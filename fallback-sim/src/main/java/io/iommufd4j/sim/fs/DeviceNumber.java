// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.fs;

import org.jspecify.annotations.Nullable;

/**
 * The number of a character device ({@code dev_t}).
 *
 * @param major the driver's part
 * @param minor the device's part
 */
public record DeviceNumber(int major, int minor) {

  // Written out: what a record generates is linked anew in each JVM.
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof DeviceNumber number && major == number.major && minor == number.minor;
  }

  @Override
  public int hashCode() {
    return Long.hashCode(encoded());
  }

  /** {@code makedev(3)}. */
  long encoded() {
    return (major & ~0xfffL) << 32
        | (minor & ~0xffL) << 12
        | (major & 0xfffL) << 8
        | (minor & 0xffL);
  }
}
