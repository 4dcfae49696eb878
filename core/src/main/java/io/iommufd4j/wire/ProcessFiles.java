// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.wire;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.kernel.Kernel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Reads what {@code /proc} shows of a process and its descriptors. */
public final class ProcessFiles {

  private static final int PIECE = 1 << 16;

  private final Kernel kernel;
  private final Path process;
  private final String name;

  private ProcessFiles(Kernel kernel, Path process, String name) {
    this.kernel = kernel;
    this.process = process;
    this.name = name;
  }

  /**
   * {@return a process, as a kernel shows it}
   *
   * @param kernel whose {@code /proc} is read
   * @param pid its number; it may be gone
   */
  public static ProcessFiles of(Kernel kernel, long pid) {
    String name = Long.toString(pid);
    return new ProcessFiles(kernel, kernel.sysfs().resolveSibling("proc").resolve(name), name);
  }

  /**
   * {@return this process, as a kernel shows it}
   *
   * @param kernel whose {@code /proc} is read
   */
  public static ProcessFiles of(Kernel kernel) {
    Path proc = kernel.sysfs().resolveSibling("proc");
    Path self = proc.resolve("self");
    return new ProcessFiles(
        kernel,
        Files.exists(self) ? self : proc.resolve(Long.toString(ProcessHandle.current().pid())),
        "self");
  }

  /**
   * {@return the file that a descriptor is open on, as {@code /memfd:name (deleted)}}
   *
   * @param fd a descriptor of the process, open or not
   */
  public Optional<String> link(int fd) {
    try {
      return Optional.of(Files.readSymbolicLink(descriptor(fd)).toString());
    } catch (IOException | UnsupportedOperationException notShown) {
      return Optional.empty();
    }
  }

  /**
   * {@return the path that leads to what a descriptor is open on}
   *
   * @param fd a descriptor of the process, open or not
   */
  public Path descriptor(int fd) {
    return process.resolve("fd").resolve(Integer.toString(fd));
  }

  /**
   * {@return the value behind a key in a descriptor's {@code fdinfo}}
   *
   * @param fd a descriptor of the process, open or not
   * @param key the start of a line, as {@code ino:}
   */
  public Optional<String> info(int fd, String key) {
    return value(lines("fdinfo/" + fd), key);
  }

  /**
   * {@return the value behind a key in {@code status}}
   *
   * @param key the start of a line, as {@code VmPin:}
   */
  public Optional<String> status(String key) {
    return value(lines("status"), key);
  }

  /**
   * {@return the lines of one of its files, read through the kernel; none when it cannot be read}
   *
   * @param file path below the process' directory
   */
  public List<String> lines(String file) {
    int fd = kernel.open("/proc/" + name + "/" + file, libc_h.O_RDONLY() | libc_h.O_CLOEXEC());
    if (fd < 0) {
      return List.of();
    }
    var text = new ByteArrayOutputStream();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment piece = arena.allocate(PIECE);
      long read = kernel.read(fd, piece);
      while (read > 0) {
        text.writeBytes(piece.asSlice(0, read).toArray(ValueLayout.JAVA_BYTE));
        read = kernel.read(fd, piece);
      }
    } finally {
      kernel.close(fd);
    }
    return text.toString(StandardCharsets.UTF_8).lines().toList();
  }

  private static Optional<String> value(List<String> lines, String key) {
    return lines.stream()
        .filter(line -> line.startsWith(key))
        .map(line -> line.substring(key.length()).strip())
        .findFirst();
  }
}
