// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.safety;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A device-replace that gets a signal as soon as it shows its n-th line: of each step, and of each
 * write that changes the host.
 *
 * @param sent whether it came so far
 * @param exitCode negative when it did not return within the limit
 * @param said all its lines
 * @param changes how the host differs in the end from what was found, and processes left behind
 */
record InterruptedRun(boolean sent, int exitCode, List<String> said, List<String> changes) {

  private static final Duration LIMIT = Duration.ofMinutes(3);
  private static final Duration GLANCE = Duration.ofMillis(100);

  /** With IOMMUFD4J_SWEEP=every each request to the kernel is a line that counts as well. */
  private static final Pattern COUNTED =
      "every".equals(System.getenv("IOMMUFD4J_SWEEP"))
          ? Pattern.compile("[a-zA-Z_]+\\(.*|  (bound|made|attached|replaced) .*")
          : Pattern.compile("write\\(.*|  (bound|made|attached|replaced) .*");

  static InterruptedRun of(String address, Signal signal, int line) throws InterruptedException {
    HostState before = HostState.now();
    Set<Long> processes = processes();
    var command = new ArrayList<>(List.of("setsid"));
    command.addAll(Tool.command("--yes", "--trace", "device-replace", address));
    try {
      Process process = Tool.builder(command).redirectErrorStream(true).start();
      process.getOutputStream().close();
      var said = Collections.synchronizedList(new ArrayList<String>());
      var sent = new AtomicBoolean();
      Thread reader =
          Thread.ofPlatform()
              .daemon()
              .start(() ->
                  read(
                      process,
                      line,
                      said,
                      () -> {
                        sent.set(true);
                        signal.send(process.pid());
                      }));
      boolean returned = process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS);
      if (!returned) {
        process.destroyForcibly();
      }
      reader.join(LIMIT);
      List<String> changes = new ArrayList<>(before.awaitAsFound(LIMIT));
      changes.addAll(leftBehind(processes));
      return new InterruptedRun(
          sent.get(), returned ? process.exitValue() : -1, List.copyOf(said), changes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void read(Process process, int line, List<String> said, Runnable reached) {
    int counted = 0;
    try (BufferedReader lines = process.inputReader()) {
      for (String text = lines.readLine(); text != null; text = lines.readLine()) {
        said.add(text);
        if (COUNTED.matcher(text).matches() && ++counted == line) {
          reached.run();
        }
      }
    } catch (IOException gone) {
      // It was killed.
    }
  }

  private static List<String> leftBehind(Set<Long> before) throws InterruptedException {
    long end = System.nanoTime() + LIMIT.toNanos();
    while (true) {
      Set<Long> left = processes();
      left.removeAll(before);
      if (left.isEmpty() || System.nanoTime() >= end) {
        return left.stream().map(pid -> "process " + pid + " left behind").toList();
      }
      Thread.sleep(GLANCE);
    }
  }

  /** Of user space: nobody but these tests starts one meanwhile. */
  private static Set<Long> processes() {
    return ProcessHandle.allProcesses()
        .filter(process -> process.info().command().isPresent())
        .map(ProcessHandle::pid)
        .collect(Collectors.toCollection(TreeSet::new));
  }
}
