// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.differential;

import io.iommufd4j.differential.program.Answer;
import io.iommufd4j.differential.program.AnswerBytes;
import io.iommufd4j.differential.program.Program;
import io.iommufd4j.differential.program.ProgramBytes;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The real kernel, in QEMU: it is booted for each batch of programs.
 *
 * @param command what runs {@code lab/programs.c} there, but for the file that holds the programs
 * @param work a directory that the guest can read
 */
record Lab(List<String> command, Path work) {

  private static final int ATTEMPTS = 2;

  Lab {
    command = List.copyOf(command);
  }

  /** The kernel's answers to programs, as {@link Case} has them. */
  List<List<Answer>> answers(List<Program> programs) {
    try {
      Path file = Files.createTempFile(work, "programs", "");
      Path out = Files.createTempFile(work, "answers", "");
      Files.write(file, ProgramBytes.encode(programs));
      for (int attempt = 1; ; attempt++) {
        int status = run(file, out);
        if (status == 0) {
          return read(out, programs.size());
        }
        if (attempt == ATTEMPTS) {
          throw new IllegalStateException(
              "the lab ended with status " + status + " after " + whole(out) + " programs");
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private int run(Path programs, Path out) throws IOException {
    var words = new ArrayList<>(command);
    words.add(programs.toString());
    Process process =
        new ProcessBuilder(words)
            .redirectOutput(out.toFile())
            .redirectError(Redirect.INHERIT)
            .start();
    process.getOutputStream().close();
    try {
      return process.waitFor();
    } catch (InterruptedException e) {
      process.destroy();
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while the lab ran", e);
    }
  }

  /** The number of programs answered before the machine stopped. */
  private static int whole(Path out) throws IOException {
    int programs = 0;
    try (var in = new DataInputStream(new BufferedInputStream(Files.newInputStream(out)))) {
      while (true) {
        AnswerBytes.read(in);
        programs++;
      }
    } catch (EOFException e) {
      return programs;
    }
  }

  private static List<List<Answer>> read(Path out, int programs) throws IOException {
    try (var in = new DataInputStream(new BufferedInputStream(Files.newInputStream(out)))) {
      var answers = new ArrayList<List<Answer>>(programs);
      for (int i = 0; i < programs; i++) {
        answers.add(AnswerBytes.read(in));
      }
      return answers;
    }
  }
}
