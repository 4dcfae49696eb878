// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.doctor;

import io.iommufd4j.IommufdRef;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.FileKind;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.LinuxRelease;
import io.iommufd4j.kernel.Request;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The commands that an iommufd knows. Asked for with a block of no bytes, which none serves. */
final class ServedCommands {

  private static final long ROOM = 64;

  private ServedCommands() {}

  /** The finding: limited where some are unknown, each with the release that brought it. */
  static Finding examine(Kernel kernel, IommufdRef iommufd) {
    List<Request> all =
        Stream.of(Request.values()).filter(request -> request.file() == FileKind.IOMMUFD).toList();
    List<Request> unknown =
        all.stream().filter(request -> !known(kernel, iommufd, request)).toList();
    if (unknown.isEmpty()) {
      return Finding.ok("commands", "all " + all.size() + " commands of iommufd are there");
    }
    String names =
        unknown.stream()
            .map(request -> request + request.since().map(" (%s)"::formatted).orElse(""))
            .collect(Collectors.joining(", "));
    String newest =
        unknown.stream()
            .flatMap(request -> request.since().stream())
            .max(LinuxRelease::compareTo)
            .map(LinuxRelease::toString)
            .orElse("newer");
    return Finding.of(
        "commands",
        Verdict.LIMITED,
        (all.size() - unknown.size())
            + " of "
            + all.size()
            + " commands of iommufd are there, without "
            + names,
        "take the Linux named for the ones that are needed; " + newest + " has all");
  }

  /** A command that is there finds the block too short: EINVAL. ENOTTY for one that is not. */
  private static boolean known(Kernel kernel, IommufdRef iommufd, Request request) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment block = arena.allocate(ROOM);
      return kernel.ioctl(iommufd.fd(), request.number(), block) != Errno.ENOTTY.negated();
    }
  }
}
