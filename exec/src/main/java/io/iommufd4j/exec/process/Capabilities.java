// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.process;

import io.iommufd4j.linux.HostFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/**
 * The effective capabilities of a thread ({@code CapEff} in {@code /proc/PID/status}).
 *
 * @param bits one for each, by number
 */
public record Capabilities(long bits) {

  private static final String LINE = "CapEff:";
  private static final int CAP_IPC_LOCK = 14;
  private static final int CAP_SYS_PTRACE = 19;
  private static final int RLIMIT_MEMLOCK = 8;
  private static final String MYSELF = "self";

  /** Those that a thread has at this moment; none of one that is gone. */
  static Capabilities of(int thread) {
    return of(Integer.toString(thread));
  }

  static Capabilities ofThisProcess() {
    return of(MYSELF);
  }

  private static Capabilities of(String thread) {
    try (var lines = Files.lines(Path.of("/proc", thread, "status"))) {
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

  /** {@return the bytes that this process, and what it starts, may pin; empty for any number} */
  public static OptionalLong limit() {
    long bytes = HostFile.limit(0, RLIMIT_MEMLOCK);
    boolean limited = bytes >= 0 && bytes < Long.MAX_VALUE && !ofThisProcess().locksMemory();
    return limited ? OptionalLong.of(bytes) : OptionalLong.empty();
  }

  /** {@code CAP_IPC_LOCK}: no limit holds for what it pins. */
  boolean locksMemory() {
    return (bits & 1L << CAP_IPC_LOCK) != 0;
  }

  /** {@code CAP_SYS_PTRACE}: what other users' processes have may be seen. */
  boolean traces() {
    return (bits & 1L << CAP_SYS_PTRACE) != 0;
  }
}
