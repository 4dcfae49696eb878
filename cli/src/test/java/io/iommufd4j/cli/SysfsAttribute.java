// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.kernel.Kernel;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;

/** Writes to attributes of sysfs by system calls, as a shell does. */
public final class SysfsAttribute {

  private SysfsAttribute() {}

  /**
   * Writes a text.
   *
   * @param attribute below {@code /sys}
   */
  public static void write(Kernel kernel, String attribute, String text) {
    int fd = kernel.open("/sys/" + attribute, libc_h.O_WRONLY());
    assertTrue(fd >= 0, attribute);
    try (var arena = Arena.ofConfined()) {
      byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
      assertEquals(bytes.length, kernel.write(fd, arena.allocateFrom(JAVA_BYTE, bytes)));
    }
    kernel.close(fd);
  }
}
