// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.run;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Standard output or error of this process. It remembers why a write failed, where a {@link
 * PrintStream} remembers only that one did.
 */
final class StandardStream extends PrintStream {

  /** The type in {@code st_mode}, and that of a named pipe. */
  private static final int TYPE = 0xf000;

  private static final int FIFO = 0x1000;

  private final Remembering file;
  private final int fd;

  private StandardStream(Remembering file, int fd, boolean everyLine, Charset charset) {
    super(new BufferedOutputStream(file), everyLine, charset);
    this.file = file;
    this.fd = fd;
  }

  /** Standard output; what is printed waits for a flush. */
  static StandardStream out() {
    return new StandardStream(
        new Remembering(new FileOutputStream(FileDescriptor.out)), 1, false, System.out.charset());
  }

  /** Standard error; each line goes out at once. */
  static StandardStream err() {
    return new StandardStream(
        new Remembering(new FileOutputStream(FileDescriptor.err)), 2, true, System.err.charset());
  }

  /** The cause of the first write that failed. */
  Optional<String> failure() {
    return Optional.ofNullable(file.failure).map(IOException::getMessage);
  }

  /**
   * True if it is a pipe or a socket: a write to one fails when nobody reads it any more. The text
   * of the failure depends on the language of the user, so it cannot be used to decide.
   */
  boolean isPipe() {
    try {
      String target = Files.readSymbolicLink(Path.of("/proc/self/fd/" + fd)).toString();
      return target.startsWith("pipe:") || target.startsWith("socket:") || isFifo(target);
    } catch (IOException | UnsupportedOperationException notShown) {
      return false;
    }
  }

  private static boolean isFifo(String file) throws IOException {
    Object mode = Files.getAttribute(Path.of(file), "unix:mode");
    return mode instanceof Integer bits && (bits & TYPE) == FIFO;
  }

  private static final class Remembering extends FilterOutputStream {

    private volatile @Nullable IOException failure;

    Remembering(OutputStream to) {
      super(to);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      try {
        out.write(bytes, offset, length);
      } catch (IOException e) {
        if (failure == null) {
          failure = e;
        }
        throw e;
      }
    }
  }
}
