// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.safety;

import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;

/** A row of {@code docs/host-safety.md}, printed for {@code lab/host-safety} to collect. */
final class Row {

  private static final long NANOS_OF_A_SECOND = 1_000_000_000;

  private Row() {}

  static void print(
      String situation, String command, String exit, String line, Duration took, String host) {
    long seconds = (took.toNanos() + NANOS_OF_A_SECOND / 2) / NANOS_OF_A_SECOND;
    print("row", situation, command, exit, alike(line), Long.toString(seconds), host);
  }

  /** Of a sweep: how many runs met their signal, and how many of them left the host as found. */
  static void sweep(String device, String signal, int lines, int runs, int asFound) {
    print(
        "sweep",
        device,
        signal,
        Integer.toString(lines),
        Integer.toString(runs),
        Integer.toString(asFound));
  }

  private static void print(String... fields) {
    System.out.println(
        List.of(fields).stream()
            .map(field -> field.replace('\t', ' ').replace("|", "\\|"))
            .collect(Collectors.joining("\t", "host-safety\t", "")));
  }

  /** Numbers that differ from one boot to the next, as N. */
  private static String alike(String line) {
    return line.replaceAll("\\bprocess \\d+", "process N")
        .replaceAll("/dev/vfio/devices/vfio\\d+", "/dev/vfio/devices/vfioN")
        .replaceAll("/dev/vfio/\\d+", "/dev/vfio/N")
        .replaceAll("\\bgroup \\d+", "group N")
        .replaceAll("/dev/holder-\\d+", "/dev/holder-N")
        .replaceAll("\\b[0-9.]+ (us|ms)\\b", "N $1")
        .replaceAll("; by Linux [0-9.]+$", "");
  }
}
