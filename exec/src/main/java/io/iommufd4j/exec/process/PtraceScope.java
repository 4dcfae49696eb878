// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The right to trace that Yama leaves: {@code /proc/sys/kernel/yama/ptrace_scope}.
 *
 * @param value 0 everything, 1 one's own descendants, 2 nothing without {@code CAP_SYS_PTRACE}, 3
 *     nothing to anybody; 0 where there is no Yama
 * @param capable true with {@code CAP_SYS_PTRACE}
 */
public record PtraceScope(int value, boolean capable) {

  private static final Path FILE = Path.of("/proc/sys/kernel/yama/ptrace_scope");
  private static final int CAPABLE_ALONE = 2;
  private static final int NOBODY = 3;

  /** {@return that of this process} */
  public static PtraceScope here() {
    try {
      int value = Integer.parseInt(Files.readString(FILE).strip());
      return new PtraceScope(value, Capabilities.ofThisProcess().traces());
    } catch (IOException | NumberFormatException none) {
      return new PtraceScope(0, false);
    }
  }

  /** {@return why not even children may be traced, and what to do; empty where they may} */
  public Optional<String> obstacle() {
    if (value < CAPABLE_ALONE || (value == CAPABLE_ALONE && capable)) {
      return Optional.empty();
    }
    String remedy =
        value >= NOBODY
            ? "a 3 stays until the host is started again"
            : "run as root, or let root write 1 there";
    return Optional.of(
        FILE + " is " + value + ", and children may be traced with 0 or 1: " + remedy);
  }
}
