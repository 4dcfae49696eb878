// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.host;

import static io.iommufd4j.conformance.Answers.ok;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.conformance.KernelUnderTest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** A host's files, by absolute path, and what writes to them do. */
record HostFiles(KernelUnderTest test) {

  private static final String DEVICES = "/sys/bus/pci/devices/";
  private static final String DRIVERS = "/sys/bus/pci/drivers/";

  /** The directory of a function, with a slash behind it. */
  static String at(String address) {
    return DEVICES + address + "/";
  }

  /** The device that the firmware wants memory mapped one to one for. */
  String mappedByFirmware() {
    return names("/sys/bus/pci/devices").stream()
        .filter(address -> exists(at(address) + "iommu_group"))
        .filter(address -> read(at(address) + "iommu_group/reserved_regions").contains("direct\n"))
        .findFirst()
        .orElseThrow();
  }

  Path path(String path) {
    return test.kernel().sysfs().getFileSystem().getPath(path);
  }

  boolean exists(String path) {
    return Files.exists(path(path));
  }

  String read(String path) {
    try {
      return Files.readString(path(path), StandardCharsets.ISO_8859_1).strip();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  byte[] bytes(String path) {
    try {
      return Files.readAllBytes(path(path));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  String link(String path) {
    try {
      return Files.readSymbolicLink(path(path)).toString();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The file that a path leads to, with no link on the way. */
  String real(String path) {
    try {
      return path(path).toRealPath().toString();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The names in a directory, sorted; none where there is no such directory. */
  List<String> names(String path) {
    if (!exists(path)) {
      return List.of();
    }
    try (var entries = Files.list(path(path))) {
      return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** {@code st_rdev} of what a path leads to. */
  long deviceNumber(String path) {
    try {
      return (long) Files.getAttribute(path(path), "unix:rdev");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Writes a file of sysfs: 0 or −errno. */
  long write(String path, String text) {
    int fd = test.kernel().open(path, libc_h.O_WRONLY());
    if (fd < 0) {
      return fd;
    }
    try (var arena = Arena.ofConfined()) {
      byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
      MemorySegment buffer = arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes);
      long answer = test.kernel().write(fd, buffer);
      ok(test.kernel().close(fd));
      return answer < 0 ? answer : 0;
    }
  }

  /** The same on a thread of its own, as it may wait. */
  CompletableFuture<Long> begin(String path, String text) {
    var answer = new CompletableFuture<Long>();
    Thread.ofPlatform().daemon().start(() -> answer.complete(write(path, text)));
    return answer;
  }

  /** A function's driver; empty for none. */
  String driver(String address) {
    String link = at(address) + "driver";
    return exists(link) ? path(link(link)).getFileName().toString() : "";
  }

  /** A driver takes a function from the one that has it: 0 or −errno of the bind. */
  long hand(String address, String driver) {
    ok(write(at(address) + "driver_override", driver));
    String before = driver(address);
    if (!before.isEmpty()) {
      ok(unbind(before, address));
    }
    return write(DRIVERS + driver + "/bind", address);
  }

  long unbind(String driver, String address) {
    return write(DRIVERS + driver + "/unbind", address);
  }

  /** When the test is over, a function goes back to the driver that has it now. */
  void restore(String address) {
    String driver = driver(address);
    test.keep(() -> {
      String now = driver(address);
      if (!now.equals(driver)) {
        if (!now.isEmpty()) {
          ok(unbind(now, address));
        }
        ok(write(at(address) + "driver_override", "\n"));
        ok(write("/sys/bus/pci/drivers_probe", address));
      } else {
        ok(write(at(address) + "driver_override", "\n"));
      }
    });
  }

  /** The only function that a driver has, or the first. */
  String functionOf(String driver) {
    return names(DRIVERS + driver).stream()
        .filter(name -> name.contains(":"))
        .findFirst()
        .orElseThrow();
  }
}
