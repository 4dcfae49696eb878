// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.mdev;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A serial port of mtty, the kernel's sample of a mediated device. */
final class SerialPort {

  static final String UUID = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001";

  private static final Path TYPE =
      Path.of("/sys/class/mdev_bus/mtty/mdev_supported_types/mtty-1/create");
  private static final Path DEVICES = Path.of("/sys/bus/mdev/devices");

  private SerialPort() {}

  static void create() throws IOException {
    Files.writeString(TYPE, UUID);
  }

  static void remove() throws IOException {
    Files.writeString(DEVICES.resolve(UUID).resolve("remove"), "1");
  }
}
