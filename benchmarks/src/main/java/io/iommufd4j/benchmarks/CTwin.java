// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.benchmarks;

import java.io.IOException;

/**
 * A C program that makes requests when told to, alive from its start to {@link #close} ({@code
 * src/main/c/turns.h}).
 */
record CTwin(Process process) implements AutoCloseable {

  static CTwin start(String... command) throws IOException {
    return new CTwin(
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start());
  }

  /** {@return the nanoseconds of so many calls in a process with so many threads} */
  long run(String request, long calls, int threads) throws IOException {
    var out = process.outputWriter();
    out.write(request + " " + calls + " " + threads + "\n");
    out.flush();
    String answer = process.inputReader().readLine();
    if (answer == null) {
      throw new IOException("the C program ended");
    }
    return Long.parseLong(answer);
  }

  @Override
  public void close() throws IOException {
    process.outputWriter().close();
    process.inputReader().close();
  }
}
