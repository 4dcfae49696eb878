// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.safety;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Objects;
import java.util.stream.Stream;

/** The host's PCI bus as an administrator has it: reading, and writes of one line. */
final class Sysfs {

  static final String VFIO_PCI = "vfio-pci";

  private static final Path PCI = Path.of("/sys/bus/pci");

  private Sysfs() {}

  static Path device(String address) {
    return PCI.resolve("devices").resolve(address);
  }

  static Path driver(String name) {
    return PCI.resolve("drivers").resolve(name);
  }

  /** The last part of where a link leads; empty when there is no such link. */
  static String linkName(Path link) {
    try {
      return Files.readSymbolicLink(link).getFileName().toString();
    } catch (IOException none) {
      return "";
    }
  }

  /** The driver_override; empty when it has none. */
  static String override(Path directory) {
    try {
      String text = Files.readString(directory.resolve("driver_override")).strip();
      return text.equals("(null)") ? "" : text;
    } catch (IOException gone) {
      return "";
    }
  }

  static Stream<String> names(Path directory) {
    String[] names = directory.toFile().list();
    return names == null ? Stream.of() : Arrays.stream(names);
  }

  static void write(Path file, String text) {
    try {
      Files.writeString(file, text + "\n", StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Gives a device to a driver by driver_override, whoever had it. */
  static void bind(String address, String driver) {
    unbind(address);
    write(device(address).resolve("driver_override"), driver);
    write(PCI.resolve("drivers_probe"), address);
    String now = linkName(device(address).resolve("driver"));
    if (!now.equals(driver)) {
      throw new AssertionError(address + " has driver '" + now + "', not " + driver);
    }
  }

  /** Takes a device from its driver, which leaves its override; one that has none stays so. */
  static void unbind(String address) {
    try {
      Files.writeString(
          device(address).resolve("driver").resolve("unbind"), address, StandardOpenOption.WRITE);
    } catch (NoSuchFileException without) {
      // It has no driver.
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Puts a function back: its override, and its driver or none. */
  static void restore(String address, HostState.Function was) {
    String now = linkName(device(address).resolve("driver"));
    if (!now.equals(was.driver())) {
      unbind(address);
    }
    write(device(address).resolve("driver_override"), was.override());
    if (!now.equals(was.driver()) && !was.driver().isEmpty()) {
      write(driver(was.driver()).resolve("bind"), address);
    }
  }

  static HostState.Function function(String address) {
    return Objects.requireNonNull(HostState.now().functions().get(address), address);
  }
}
