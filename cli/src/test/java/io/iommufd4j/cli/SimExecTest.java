// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SimExecTest {

  @TempDir Path directory;

  @BeforeEach
  void linuxHasListeners() {
    assumeTrue(System.getProperty("os.name").equals("Linux"), "this is no Linux");
  }

  /** Skips the test where programs cannot be supervised. */
  private static CommandRun run(String... words) {
    CommandRun run = CommandRun.of(words);
    assumeFalse(run.err().contains("cannot be supervised here"), run.err());
    return run;
  }

  @Test
  void aFaultThatNoRequestMetIsToldAndTheStatusIsOfTheProgram() {
    CommandRun run =
        run(
            "sim",
            "exec",
            "--faults",
            "the 2nd IOMMU_IOAS_MAP answers ENOMEM",
            "--",
            "sh",
            "-c",
            "exit 4");
    assertEquals(4, run.exitCode(), run.err());
    assertEquals(
        List.of("iommufdctl: IOMMU_IOAS_MAP number 2 was to answer ENOMEM, but only 0 were made"),
        run.errors());
  }

  @Test
  void aRecordingAndATraceAreWrittenBesideTheProgram() throws IOException {
    Path recording = directory.resolve("run.jsonl");
    Path trace = directory.resolve("run.trace");
    CommandRun run =
        run(
            "sim",
            "exec",
            "--machine",
            "single:vtd",
            "--trace=" + trace,
            "--record",
            recording.toString(),
            "--",
            "sh",
            "-c",
            "exec 3<>/dev/iommu; exit 5");
    assertEquals(5, run.exitCode(), run.err());
    assertEquals("", run.err());
    List<String> lines = Files.readAllLines(recording);
    assertTrue(
        lines.getFirst().contains("\"kernel\":\"sim\"")
            && lines.getFirst().contains("\"machine\":\"single:vtd\""),
        lines.getFirst());
    assertEquals(3, lines.size(), lines::toString);
    assertTrue(lines.get(1).contains("\"path\":\"/dev/iommu\""), lines.get(1));
    assertTrue(lines.get(2).contains("\"event\":\"close\""), lines.get(2));
    assertEquals(List.of(), Files.readAllLines(trace), "an open is no request");
    CommandRun replayed = CommandRun.of("replay", recording.toString());
    assertEquals(0, replayed.exitCode(), replayed.err() + replayed.out());
  }
}
