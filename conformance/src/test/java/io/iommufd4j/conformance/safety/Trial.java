// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.safety;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;

/** One run of the tool in one situation, judged by what it said and by the host's state. */
final class Trial {

  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private final String situation;
  private final String command;
  private final HostState before;
  private final Tool.Run run;

  private Trial(String situation, String command, HostState before, Tool.Run run) {
    this.situation = situation;
    this.command = command;
    this.before = before;
    this.run = run;
  }

  /** Runs the tool; the host as it is now is what it finds. */
  static Trial of(String situation, String... arguments) throws InterruptedException {
    HostState before = HostState.now();
    Tool.Run run = Tool.run(arguments);
    return new Trial(situation, String.join(" ", arguments), before, run);
  }

  /** It exits so, says this among others, and the host is as it was. */
  void leavesTheHost(int exitCode, String words) {
    judge(exitCode, words, List.of(), before.changes(HostState.now()), "as found");
  }

  /** As {@link #leavesTheHost}, but only a while after the tool is gone. */
  void leavesTheHostInTheEnd(int exitCode, String words, String when) throws InterruptedException {
    judge(exitCode, words, List.of(), before.awaitAsFound(PATIENCE), "as found " + when);
  }

  /** It exits so, says this among others, and these are the changes, of devices that it names. */
  void changes(int exitCode, String words, String... changes) {
    List<String> changed = before.changes(HostState.now());
    judge(exitCode, words, List.of(changes), changed, "as it said: " + String.join(", ", changed));
    changed.stream()
        .map(change -> change.substring(0, change.indexOf(' ')))
        .forEach(address -> assertTrue(run.everything().contains(address), this::told));
  }

  private void judge(
      int exitCode, String words, List<String> expected, List<String> changed, String host) {
    boolean asExpected = changed.equals(expected);
    Row.print(
        situation,
        command,
        run.returned() ? Integer.toString(run.exitCode()) : "hung",
        run.verdict(words),
        run.took(),
        asExpected ? host : "host changed: " + String.join(", ", changed));
    assertTrue(run.returned(), this::told);
    assertEquals(exitCode, run.exitCode(), this::told);
    assertTrue(run.everything().contains(words), this::told);
    assertEquals(expected, changed, this::told);
  }

  private String told() {
    return command + " said:\n" + run.everything();
  }
}
