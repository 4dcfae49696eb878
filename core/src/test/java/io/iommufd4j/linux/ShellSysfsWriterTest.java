// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.SysfsWrite;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** On plain files, and a pipe that nobody reads for a write that the kernel keeps waiting. */
@EnabledOnOs(OS.LINUX)
class ShellSysfsWriterTest {

  private static final Duration PLENTY = Duration.ofMinutes(1);
  private static final Duration GLANCE = Duration.ofMillis(50);

  @TempDir private Path directory;

  private Path file(String name) throws IOException {
    return Files.writeString(directory.resolve(name), "");
  }

  /** Opening it for writing waits until somebody reads. */
  private Path pipe() throws IOException, InterruptedException {
    Path pipe = directory.resolve("pipe");
    assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
    return pipe;
  }

  private static OptionalInt write(ShellSysfsWriter writer, Path file, String text) {
    writer.begin(new SysfsWrite(file, text));
    return writer.await(PLENTY);
  }

  @Test
  void aLineArrivesWhole() throws IOException {
    Path file = file("it's a file");
    try (var writer = ShellSysfsWriter.start()) {
      assertEquals(OptionalInt.of(0), write(writer, file, "0000:00:08.0"));
      assertEquals("0000:00:08.0\n", Files.readString(file));
    }
  }

  @Test
  void anEmptyTextIsOneLineEnd() throws IOException {
    Path file = file("driver_override");
    try (var writer = ShellSysfsWriter.start()) {
      assertEquals(OptionalInt.of(0), write(writer, file, ""));
      assertEquals("\n", Files.readString(file));
    }
  }

  @Test
  void whatTheKernelAnswersComesBackAsErrno() throws IOException {
    try (var writer = ShellSysfsWriter.start()) {
      assertEquals(
          OptionalInt.of(Errno.ENOENT.negated()),
          write(writer, directory.resolve("no/such/file"), "x"));
      assertEquals(OptionalInt.of(Errno.EISDIR.negated()), write(writer, directory, "x"));
      assertEquals(
          OptionalInt.of(Errno.ENOSPC.negated()), write(writer, Path.of("/dev/full"), "x"));
      assertEquals(OptionalInt.of(0), write(writer, file("next"), "after a refusal"));
    }
  }

  @Test
  void everyErrnoIsKnownByTheWordsOfTheCLocale() {
    assertEquals(Errno.EBUSY, errno("Device or resource busy"));
    assertEquals(Errno.EINVAL, errno("Invalid argument"));
    assertEquals(Errno.ENODEV, errno("No such device"));
    assertEquals(Errno.EPERM, errno("Operation not permitted"));
    assertEquals(Errno.EACCES, errno("Permission denied"));
    assertEquals(Errno.EROFS, errno("Read-only file system"));
    assertEquals(Errno.ERANGE, errno("Numerical result out of range"));
    assertEquals(Errno.ENOMEM, errno("Cannot allocate memory"));
    assertEquals(Errno.EIO, errno("words that no kernel has"));
  }

  private static Errno errno(String words) {
    return ShellSysfsWriter.errno("dd: error writing '/sys/x: y': " + words);
  }

  @Test
  void aWriteThatIsGivenUpIsFollowedByTheUndoing() throws IOException, InterruptedException {
    Path pipe = pipe();
    Path undone = file("undone");
    var writer = ShellSysfsWriter.start();
    writer.undo(List.of(new SysfsWrite(undone, "as it was")));
    writer.begin(new SysfsWrite(pipe, "taken"));
    assertEquals(OptionalInt.empty(), writer.await(GLANCE));
    assertTrue(writer.whereabouts().startsWith("process "), writer.whereabouts());
    writer.leave();
    assertThrows(IllegalStateException.class, () -> writer.begin(new SysfsWrite(undone, "x")));
    assertEquals("", Files.readString(undone), "nothing is undone before the kernel is through");
    assertEquals("taken\n", Files.readString(pipe));
    awaitText(undone, "as it was\n");
  }

  @Test
  void nothingIsUndoneOnceItIsClosed() throws IOException, InterruptedException {
    Path undone = file("undone");
    Path next = file("next");
    var writer = ShellSysfsWriter.start();
    writer.undo(List.of(new SysfsWrite(undone, "as it was")));
    assertEquals(OptionalInt.of(0), write(writer, next, "x"));
    writer.close();
    writer.close();
    assertFalse(writer.runs(), "the shell has ended");
    assertEquals("", Files.readString(undone));
  }

  private static void awaitText(Path file, String text) throws IOException, InterruptedException {
    long end = System.nanoTime() + PLENTY.toNanos();
    while (!Files.readString(file).equals(text)) {
      assertTrue(System.nanoTime() < end, "the shell did not undo");
      Thread.sleep(GLANCE);
    }
  }
}
