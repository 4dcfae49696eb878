// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;

/** A process of the host's own: a JVM that makes the system calls it reads of ({@link Child}). */
final class ChildProcess implements OtherProcess, OtherProgram {

  private final Process process;
  private final BufferedReader answers;
  private final Map<Integer, Integer> descriptors = new HashMap<>();
  private boolean open = true;

  private ChildProcess(Process process) {
    this.process = process;
    this.answers = process.inputReader();
  }

  static ChildProcess start() {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    var command =
        new ProcessBuilder(
            java,
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Xmx64m",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            Child.class.getName());
    try {
      return new ChildProcess(command.redirectError(ProcessBuilder.Redirect.INHERIT).start());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public long pid() {
    return process.pid();
  }

  @Override
  public int ioctl(OpenIommufd iommufd, RequestBlock block) {
    MemorySegment memory = block.memory();
    String bytes = HexFormat.of().formatHex(memory.toArray(ValueLayout.JAVA_BYTE));
    String[] answer = ask("ioctl", descriptor(iommufd.fd()), block.request().number(), bytes);
    memory.copyFrom(MemorySegment.ofArray(HexFormat.of().parseHex(answer[1])));
    return Integer.parseInt(answer[0]);
  }

  @Override
  public long mapped(int file, long address, long bytes) {
    return Answers.ok(Long.parseLong(ask("map", descriptor(file), bytes)[0]));
  }

  @Override
  public int open(String path) {
    return Integer.parseInt(ask("open", path)[0]);
  }

  @Override
  public int close(int descriptor) {
    return Integer.parseInt(ask("close", descriptor)[0]);
  }

  @Override
  public int ioctl(int descriptor, int request, byte[] block) {
    String[] answer = ask("ioctl", descriptor, request, HexFormat.of().formatHex(block));
    byte[] after = HexFormat.of().parseHex(answer[1]);
    System.arraycopy(after, 0, block, 0, block.length);
    return Integer.parseInt(answer[0]);
  }

  @Override
  public int memory(long bytes) {
    return Integer.parseInt(ask("memory", bytes)[0]);
  }

  @Override
  public long map(int descriptor, long bytes) {
    return Long.parseLong(ask("map", descriptor, bytes)[0]);
  }

  /** The child's descriptor of what is a descriptor's here. */
  private int descriptor(int here) {
    return descriptors.computeIfAbsent(
        here,
        fd -> {
          long parent = ProcessHandle.current().pid();
          return Answers.ok(Integer.parseInt(ask("take", parent, fd)[0]));
        });
  }

  private String[] ask(String question, Object... arguments) {
    try {
      var questions = process.outputWriter();
      questions.write(question);
      for (Object argument : arguments) {
        questions.write(" " + argument);
      }
      questions.write("\n");
      questions.flush();
      String answer = answers.readLine();
      if (answer == null) {
        throw new AssertionError("the child process is gone");
      }
      return answer.split(" ", -1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    if (!open) {
      return;
    }
    open = false;
    try {
      process.outputWriter().close();
      assertEquals(0, process.waitFor());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }
}
