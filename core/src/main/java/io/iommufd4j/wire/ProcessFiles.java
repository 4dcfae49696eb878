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

/** Reads what {@code /proc} shows of this process and its descriptors. */
public final class ProcessFiles {

  private static final int PIECE = 1 << 16;

  private final Kernel kernel;
  private final Path process;

  private ProcessFiles(Kernel kernel, Path process) {
    this.kernel = kernel;
    this.process = process;
  }

  /** This process, as a kernel shows it. */
  public static ProcessFiles of(Kernel kernel) {
    Path proc = kernel.sysfs().resolveSibling("proc");
    Path self = proc.resolve("self");
    return new ProcessFiles(
        kernel,
        Files.exists(self) ? self : proc.resolve(Long.toString(ProcessHandle.current().pid())));
  }

  /** The file that a descriptor is open on, as {@code /memfd:name (deleted)}. */
  public Optional<String> link(int fd) {
    try {
      return Optional.of(Files.readSymbolicLink(descriptor(fd)).toString());
    } catch (IOException | UnsupportedOperationException notShown) {
      return Optional.empty();
    }
  }

  /** The path that leads to what a descriptor is open on. */
  public Path descriptor(int fd) {
    return process.resolve("fd").resolve(Integer.toString(fd));
  }

  /** The value behind a key in a descriptor's {@code fdinfo}. */
  public Optional<String> info(int fd, String key) {
    return value(lines("fdinfo/" + fd), key);
  }

  /** The value behind a key in {@code status}. */
  public Optional<String> status(String key) {
    return value(lines("status"), key);
  }

  /** The lines of one of its files, read through the kernel; none when it cannot be read. */
  public List<String> lines(String file) {
    int fd = kernel.open("/proc/self/" + file, libc_h.O_RDONLY() | libc_h.O_CLOEXEC());
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
