// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.linux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * The distribution that a host runs, as {@code os-release} names it, and how its own kernels come
 * by iommufd.
 */
enum Distribution {
  /** Its kernels, 6.12 of Debian 13 and 7.3 of its backports among them, are built without. */
  DEBIAN("Debian's own kernels are built without CONFIG_IOMMUFD: build one that has it"),
  /** A module. */
  UBUNTU("Ubuntu's own kernels have iommufd as a module: modprobe iommufd"),
  /** A module. */
  FEDORA("Fedora's own kernels have iommufd as a module: modprobe iommufd"),
  /** Any other. */
  OTHER("try modprobe iommufd; a kernel without CONFIG_IOMMUFD has none");

  private static final String ID = "ID=";

  private final String advice;

  Distribution(String advice) {
    this.advice = advice;
  }

  /** The distribution of a host, under its root directory. */
  static Distribution of(Path root) {
    try (var lines = Files.lines(root.resolve("etc/os-release"))) {
      String id =
          lines
              .filter(line -> line.startsWith(ID))
              .map(line -> line.substring(ID.length()).replace("\"", ""))
              .findFirst()
              .orElse("");
      for (Distribution known : values()) {
        if (known.name().toLowerCase(Locale.ROOT).equals(id)) {
          return known;
        }
      }
      return OTHER;
    } catch (IOException notTold) {
      return OTHER;
    }
  }

  /** The remedy where iommufd is missing and no configuration shows why. */
  String advice() {
    return advice;
  }
}
