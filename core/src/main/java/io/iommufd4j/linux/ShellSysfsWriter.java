// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.linux;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.SysfsWrite;
import io.iommufd4j.kernel.SysfsWriter;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * Writes in a shell of its own, which reads what to do from a pipe. A write that does not end
 * blocks the shell and not this process. When the pipe ends without a command to stop, this process
 * is gone, and the shell undoes what was done; only what kills the shell too, as a kill of the
 * whole process group, is beyond that.
 */
final class ShellSysfsWriter implements SysfsWriter {

  /**
   * {@code dd} makes one {@code write(2)} of the line and names the errno, which {@code echo} of
   * some shells does not. Nothing may end the shell but the end of its input.
   */
  private static final String SCRIPT =
      """
      trap '' INT TERM HUP QUIT PIPE
      undo=
      command -v dd >/dev/null || { echo 'no dd'; exit 1; }
      while IFS= read -r word; do
        case $word in
          write)
            IFS= read -r file
            IFS= read -r text
            if [ -e "$file" ]; then
              printf '%s\\n' "$text" | LC_ALL=C dd of="$file" conv=notrunc status=none 2>&1
            else
              echo "$file: No such file or directory"
            fi
            echo done
            ;;
          undo) IFS= read -r undo ;;
          over) exit 0 ;;
        esac
      done
      eval "$undo"
      """;

  private static final String LACKING =
      "attributes of sysfs are written by /bin/sh and dd, so that a write that the kernel keeps"
          + " waiting can be given up: ";

  private static final Duration EXIT = Duration.ofSeconds(2);

  private final Process shell;
  private final Writer commands;
  private final BlockingQueue<String> answers = new LinkedBlockingQueue<>();
  private final StringBuilder complaint = new StringBuilder();
  private boolean underWay;
  private boolean over;

  private ShellSysfsWriter(Process shell) {
    this.shell = shell;
    this.commands = shell.outputWriter(StandardCharsets.UTF_8);
    Thread.ofPlatform()
        .daemon()
        .name("sysfs-writer")
        .start(() -> listen(shell.inputReader(StandardCharsets.UTF_8)));
  }

  /**
   * Starts the shell.
   *
   * @throws UncheckedIOException when there is none
   */
  static ShellSysfsWriter start() {
    // Nobody may be there any more to read what it would say.
    var command =
        new ProcessBuilder("/bin/sh", "-c", SCRIPT).redirectError(ProcessBuilder.Redirect.DISCARD);
    // A directory that is to be unmounted should not be kept by what stays behind.
    command.directory(Path.of("/").toFile());
    try {
      return new ShellSysfsWriter(command.start());
    } catch (IOException e) {
      throw new UncheckedIOException(LACKING + e.getMessage(), e);
    }
  }

  private void listen(BufferedReader lines) {
    try (lines) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        answers.add(line);
      }
      answers.add("end");
    } catch (IOException gone) {
      answers.add("end");
    }
  }

  @Override
  public synchronized void begin(SysfsWrite write) {
    if (over || underWay) {
      throw new IllegalStateException(over ? "the writer is closed" : "a write is under way");
    }
    complaint.setLength(0);
    underWay = true;
    send("write\n" + oneLine(write.file().toString()) + "\n" + oneLine(write.text()) + "\n");
  }

  @Override
  public OptionalInt await(Duration time) {
    long end = System.nanoTime() + time.toNanos();
    try {
      while (true) {
        String line = answers.poll(Math.max(0, end - System.nanoTime()), TimeUnit.NANOSECONDS);
        switch (line) {
          case null -> {
            return OptionalInt.empty();
          }
          case "done" -> {
            return ended();
          }
          case "no dd" ->
              throw new UncheckedIOException(new IOException(LACKING + "there is no dd here"));
          case "end" ->
              throw new UncheckedIOException(new IOException("the shell that wrote is gone"));
          default -> complaint.append(complaint.isEmpty() ? line : "");
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return OptionalInt.empty();
    }
  }

  private synchronized OptionalInt ended() {
    underWay = false;
    return OptionalInt.of(complaint.isEmpty() ? 0 : errno(complaint.toString()).negated());
  }

  /** The errno that a complaint of {@code dd} ends with, in the C locale's words. */
  static Errno errno(String complaint) {
    String words = complaint.substring(complaint.lastIndexOf(": ") + 1).strip();
    return Errno.ofText(words).orElse(Errno.EIO);
  }

  @Override
  public synchronized void undo(List<SysfsWrite> writes) {
    String shellCommands =
        writes.stream()
            .map(write -> "echo " + quoted(write.text()) + " > " + quoted(write.file().toString()))
            .collect(Collectors.joining("; "));
    send("undo\n" + oneLine(shellCommands) + "\n");
  }

  @Override
  public String whereabouts() {
    var writing =
        shell.descendants().reduce((_, deeper) -> deeper).map(ProcessHandle::pid).orElse(-1L);
    if (writing < 0) {
      return "";
    }
    try {
      String where = Files.readString(Path.of("/proc", Long.toString(writing), "wchan")).strip();
      return "process " + writing + (where.length() > 1 ? ", in the kernel's " + where : "");
    } catch (IOException gone) {
      return "process " + writing;
    }
  }

  @Override
  public synchronized void leave() {
    if (!over) {
      over = true;
      hangUp();
    }
  }

  @Override
  public void close() {
    synchronized (this) {
      if (over) {
        return;
      }
      over = true;
      send("over\n");
      hangUp();
      if (underWay) {
        return;
      }
    }
    try {
      shell.waitFor(EXIT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** True if the shell is still there. */
  boolean runs() {
    return shell.isAlive();
  }

  private void hangUp() {
    try {
      commands.close();
    } catch (IOException gone) {
      // The shell is gone, and there is nothing left to tell it.
    }
  }

  private void send(String text) {
    try {
      commands.write(text);
      commands.flush();
    } catch (IOException gone) {
      answers.add("end");
    }
  }

  private static String quoted(String text) {
    return "'" + text.replace("'", "'\\''") + "'";
  }

  private static String oneLine(String text) {
    if (text.indexOf('\n') >= 0) {
      throw new IllegalArgumentException("one line is written, unlike '" + text + "'");
    }
    return text;
  }
}
