package io.iommufd4j.cli.replace;

import io.iommufd4j.host.SysfsWrite;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Gives devices back to the host even when this process is killed. A shell of its own holds the
 * other end of a pipe: when the pipe ends without a word, the process is gone, its descriptors with
 * it, and the shell carries out what would have been done. What kills the shell too, as a kill of
 * the whole process group, is beyond this.
 */
final class LastWill implements AutoCloseable {

  private static final String REVOKED = "revoked";

  private final Process executor;

  private LastWill(Process executor) {
    this.executor = executor;
  }

  /**
   * Leaves a will.
   *
   * @param writes what to do, in order
   * @throws UncheckedIOException when there is no shell to leave it with
   */
  static LastWill leave(List<SysfsWrite> writes) {
    String deeds = writes.stream().map(SysfsWrite::toString).collect(Collectors.joining("\n"));
    String script =
        "trap '' INT TERM HUP QUIT\n"
            + "read -r word\n"
            + ("[ \"$word\" != " + REVOKED + " ] || exit 0\n")
            + deeds
            + "\n";
    var shell = new ProcessBuilder("/bin/sh", "-c", script);
    // Nobody may be there any more to read what the shell would say.
    shell.redirectOutput(ProcessBuilder.Redirect.DISCARD);
    shell.redirectError(ProcessBuilder.Redirect.DISCARD);
    try {
      return new LastWill(shell.start());
    } catch (IOException e) {
      throw new UncheckedIOException("no /bin/sh to give the device back if this is killed", e);
    }
  }

  /** Dies: the will is carried out. What a kill does, for who wants to see it. */
  void die() throws IOException, InterruptedException {
    executor.getOutputStream().close();
    executor.waitFor();
  }

  /** Revokes it: everything was given back, or the user was told what was not. */
  @Override
  public void close() {
    try (var word = executor.getOutputStream()) {
      word.write((REVOKED + "\n").getBytes(StandardCharsets.US_ASCII));
    } catch (IOException e) {
      // The shell is gone, and with it the will.
    }
    boolean interrupted = false;
    while (executor.isAlive()) {
      try {
        executor.waitFor();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
