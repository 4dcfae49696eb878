// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.networknt.schema.Error;
import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReplayVerbTest {

  @TempDir Path directory;

  private Path file;
  private String recorded;

  @BeforeEach
  void aRecordingOfARealKernel() throws IOException {
    assumeTrue(System.getProperty("os.name").equals("Linux"), "this is no Linux");
    file = directory.resolve("run.jsonl");
    try (InputStream from =
        Objects.requireNonNull(getClass().getResourceAsStream("recording.jsonl"))) {
      recorded = new String(from.readAllBytes(), StandardCharsets.UTF_8);
    }
    Files.writeString(file, recorded);
  }

  private CommandRun replay(String text) throws IOException {
    Files.writeString(file, text);
    return CommandRun.of("replay", file.toString(), "--machine", "single:vtd");
  }

  @Test
  void aRecordingOfARealKernelIsPlayedWithoutADifference() throws IOException {
    CommandRun run = replay(recorded);
    assertEquals(0, run.exitCode(), run.err());
    assertTrue(
        run.out().endsWith("no difference on simulated Linux 7.3.4 (single:vtd)\n"), run.out());
  }

  @Test
  void aDifferenceLeavesWith5AndIsTold() throws IOException {
    CommandRun run =
        replay(
            recorded.replaceFirst(
                "\"result\":-22,\"errno\":\"EINVAL\"", "\"result\":0,\"errno\":null"));
    assertEquals(5, run.exitCode(), run.err());
    assertTrue(run.out().contains(": errno: recorded success, replayed EINVAL"), run.out());
  }

  @Test
  void aBadFileLeavesWith2AndOneLine() throws IOException {
    for (String bad : List.of("", "{}", recorded + "{", "no JSON")) {
      CommandRun run = replay(bad);
      assertEquals(2, run.exitCode(), run.err());
      assertEquals(1, run.errors().stream().filter(l -> l.contains(": line ")).count(), run.err());
    }
    CommandRun none = CommandRun.of("replay", directory.resolve("none").toString());
    assertEquals(2, none.exitCode());
    assertTrue(none.err().contains("there is no file"), none.err());
  }

  @Test
  void everyLineIsOfTheSchema() throws IOException {
    Schema schema =
        SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
            .getSchema(Files.readString(Path.of("..", "docs", "recording.schema.json")));
    for (String line : recorded.lines().toList()) {
      assertEquals(
          List.of(),
          schema.validate(line, InputFormat.JSON).stream().map(Error::toString).toList(),
          line);
      String other = line.replace("\"nanos\":", "\"time\":").replace("\"release\":", "\"linux\":");
      assertTrue(other.equals(line) || !schema.validate(other, InputFormat.JSON).isEmpty(), other);
    }
  }
}
