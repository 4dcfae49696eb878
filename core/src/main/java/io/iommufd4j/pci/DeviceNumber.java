// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.pci;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The number by which the kernel knows a device node, whatever the node's name ({@code dev_t}).
 *
 * @param major the driver's part
 * @param minor the device's part
 */
record DeviceNumber(long major, long minor) {

  /** Reads a {@code dev} attribute of sysfs, as {@code 251:0}. */
  static Optional<DeviceNumber> attribute(Path file) {
    return Sysfs.attribute(file)
        .map(text -> text.split(":", 2))
        .filter(parts -> parts.length == 2)
        .map(parts -> new DeviceNumber(Long.parseLong(parts[0]), Long.parseLong(parts[1])));
  }

  /** The number of the node that a path leads to; empty when it leads to none that can be read. */
  static Optional<DeviceNumber> ofNode(Path path) {
    try {
      return Files.getAttribute(path, "unix:rdev") instanceof Long number && number != 0
          ? Optional.of(decoded(number))
          : Optional.empty();
    } catch (IOException | UnsupportedOperationException | IllegalArgumentException notToBeRead) {
      return Optional.empty();
    }
  }

  /** The encoding of {@code makedev(3)}. */
  private static DeviceNumber decoded(long number) {
    return new DeviceNumber(
        (number >>> 8 & 0xfff) | (number >>> 32 & ~0xfffL),
        (number & 0xff) | (number >>> 12 & ~0xffL & 0xffff_ffffL));
  }
}
