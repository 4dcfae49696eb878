// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** A shell on a simulated host: reads, lists and writes files by absolute path. */
record Shell(Kernel kernel) {

  Path path(String path) {
    return kernel.sysfs().getFileSystem().getPath(path);
  }

  boolean exists(String path) {
    return Files.exists(path(path));
  }

  String read(String path) {
    try {
      return Files.readString(path(path), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** {@code readlink}. */
  String link(String path) {
    try {
      return Files.readSymbolicLink(path(path)).toString();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** {@code realpath}. */
  String real(String path) {
    try {
      return path(path).toRealPath().toString();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The names in a directory, sorted. */
  List<String> list(String path) {
    try (var entries = Files.list(path(path))) {
      return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Writes a file: {@code ok}, or the errno's name. */
  String write(String path, String text) {
    int fd = kernel.open(path, libc_h.O_WRONLY());
    if (fd < 0) {
      return Errno.name(fd);
    }
    try (var arena = Arena.ofConfined()) {
      var bytes = arena.allocateFrom(text);
      long written = kernel.write(fd, bytes.asSlice(0, bytes.byteSize() - 1));
      return written < 0 ? Errno.name((int) written) : "ok";
    } finally {
      kernel.close(fd);
    }
  }

  /** The same on a thread of its own, as it may wait. */
  CompletableFuture<String> begin(String path, String text) {
    var answer = new CompletableFuture<String>();
    Thread.ofPlatform().daemon().start(() -> answer.complete(write(path, text)));
    return answer;
  }

  /** The name of a function's driver; empty for none. */
  String driver(String address) {
    String link = "/sys/bus/pci/devices/" + address + "/driver";
    return exists(link) ? path(link(link)).getFileName().toString() : "";
  }

  /** Hands a function to a driver as a shell would. */
  void bind(String address, String driver) {
    String at = "/sys/bus/pci/devices/" + address + "/";
    must(write(at + "driver_override", driver));
    if (exists(at + "driver")) {
      must(write(at + "driver/unbind", address));
    }
    must(write("/sys/bus/pci/drivers/" + driver + "/bind", address));
  }

  static void must(String answer) {
    if (!answer.equals("ok")) {
      throw new AssertionError(answer);
    }
  }
}
