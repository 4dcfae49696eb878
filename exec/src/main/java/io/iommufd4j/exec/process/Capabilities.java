// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The effective capabilities of a thread ({@code CapEff} in {@code /proc/PID/status}).
 *
 * @param bits one for each, by number
 */
record Capabilities(long bits) {

  private static final String LINE = "CapEff:";
  private static final int CAP_IPC_LOCK = 14;

  /** Those that a thread has at this moment; none of one that is gone. */
  static Capabilities of(int thread) {
    try (var lines = Files.lines(Path.of("/proc", Integer.toString(thread), "status"))) {
      return new Capabilities(
          lines
              .filter(line -> line.startsWith(LINE))
              .mapToLong(line -> Long.parseUnsignedLong(line.substring(LINE.length()).strip(), 16))
              .findFirst()
              .orElse(0));
    } catch (IOException | UncheckedIOException gone) {
      return new Capabilities(0);
    }
  }

  /** {@code CAP_IPC_LOCK}: no limit holds for what it pins. */
  boolean locksMemory() {
    return (bits & 1L << CAP_IPC_LOCK) != 0;
  }
}
