package io.iommufd4j.host;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * A text that goes into a file of sysfs.
 *
 * @param file the file
 * @param text the text without its line end; empty clears an attribute
 */
public record SysfsWrite(Path file, String text) {

  /**
   * Writes it, through the kernel so that the errno is the one that the driver core answered.
   *
   * @param hints what would help against an errno
   * @throws HostException with the errno of {@code open(2)} or {@code write(2)}
   */
  void carryOut(Kernel kernel, Hints hints) {
    int fd = kernel.open(file.toString(), libc_h.O_WRONLY() | libc_h.O_CLOEXEC());
    if (fd < 0) {
      throw refused(-fd, hints);
    }
    long written;
    try (var arena = Arena.ofConfined()) {
      byte[] line = (text + "\n").getBytes(StandardCharsets.UTF_8);
      written = kernel.write(fd, arena.allocateFrom(ValueLayout.JAVA_BYTE, line));
    } finally {
      kernel.close(fd);
    }
    if (written < 0) {
      throw refused((int) -written, hints);
    }
  }

  /** What helps against an errno of one particular write. */
  @FunctionalInterface
  interface Hints {
    /** A hint in one line; empty when there is none. */
    String against(int errno);
  }

  private HostException refused(int errno, Hints hints) {
    String hint = hints.against(errno);
    if (hint.isEmpty() && (errno == Errno.EACCES || errno == Errno.EPERM)) {
      hint = "writing to sysfs takes root";
    }
    return new HostException(
        text.isEmpty() ? "clear " + file : "write " + text + " to " + file, errno, hint);
  }

  /** The shell command that does the same by hand. */
  @Override
  public String toString() {
    return text.isEmpty() ? "echo > " + file : "echo " + text + " > " + file;
  }
}
