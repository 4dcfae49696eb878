// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.exec.record.BadRecordingException;
import io.iommufd4j.exec.record.Recording;
import io.iommufd4j.exec.record.RecordingLines;
import io.iommufd4j.exec.record.RecordingReader;
import io.iommufd4j.exec.record.RecordingWriter;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RecordingFormatTest {

  private static final long SEED = Long.getLong("recording.seed", 11);
  private static final int MUTATIONS = 2_000;

  private static Recording read(String text) throws IOException {
    return RecordingReader.read(new BufferedReader(new StringReader(text)));
  }

  /** The fields of a block are for people, and not read. */
  private static String withoutFields(String line) {
    return line.replaceAll("\"(fields|changed)\":\\{[^}]*\\}", "\"$1\":{}");
  }

  @Test
  void whatIsReadIsWrittenAsItWas() throws IOException {
    List<String> lines = RecordedInTheLab.lines("vfio_dma_mapping_mmio_test");
    Recording recording = read(String.join("\n", lines));
    var bytes = new ByteArrayOutputStream();
    var to = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    recording.events().forEach(new RecordingWriter(to, recording.header()));
    assertEquals(
        lines.stream().map(RecordingFormatTest::withoutFields).toList(),
        bytes.toString(StandardCharsets.UTF_8).lines().toList());
    assertEquals(lines.getFirst(), RecordingLines.of(recording.header()));
  }

  @Test
  void aBadRecordingIsToldByItsLine() {
    List<String> lines = RecordedInTheLab.lines("vfio_iommufd_setup_test");
    var random = new Random(SEED);
    int bad = 0;
    for (int i = 0; i < MUTATIONS; i++) {
      String text = mutated(lines, random);
      try {
        read(text);
      } catch (BadRecordingException told) {
        bad++;
        String message = String.valueOf(told.getMessage());
        assertTrue(message.startsWith("line " + told.line() + ": "), message);
        assertTrue(message.lines().count() == 1, message);
        assertTrue(told.line() >= 1 && told.line() <= lines.size() + 1, message);
      } catch (IOException | RuntimeException other) {
        throw new AssertionError("mutation " + i + " of seed " + SEED, other);
      }
    }
    assertTrue(bad > MUTATIONS / 4, "most mutations break something: " + bad);
  }

  private static String mutated(List<String> lines, Random random) {
    var changed = new ArrayList<String>(lines);
    int at = random.nextInt(changed.size());
    String line = changed.get(at);
    int from = random.nextInt(line.length());
    int to = Math.min(line.length(), from + 1 + random.nextInt(6));
    switch (random.nextInt(5)) {
      case 0 -> changed.set(at, line.substring(0, from));
      case 1 -> changed.set(at, line.substring(0, from) + line.substring(to));
      case 2 -> changed.remove(at);
      case 3 -> changed.add(at, changed.get(random.nextInt(changed.size())));
      default -> {
        char other = "0123456789abcdef\"{}[],:-x".charAt(random.nextInt(25));
        changed.set(at, line.substring(0, from) + other + line.substring(from + 1));
      }
    }
    return String.join("\n", changed);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "1 | \"version\":1 | \"version\":2 | line 1: version 2 of the format; this reads 1",
        "1 | \"recording\":\"iommufd4j\" | \"a\":1 | line 1: no recording: \"recording\" does not say iommufd4j",
        "2 | \"event\":\"open\" | \"event\":\"opened\" | line 2: no event is called 'opened'",
        "2 | \"file\":1 | \"file\":null | line 2: \"file\" has a number when \"result\" is no error, and then only",
        "2 | \"kind\":\"vfio-device\" | \"kind\":\"disk\" | line 2: no kind of file is called 'disk'",
        "3 | \"file\":2 | \"file\":1 | line 3: file 1 is open since line 2",
        "4 | \"number\":\"0x3b76\" | \"number\":\"3b76\" | line 4: \"number\" is not a number of 64 bits in hexadecimal, as 0x1f",
      })
  void mistakesAreNamed(int number, String is, String other, String message) {
    var lines = new ArrayList<String>(RecordedInTheLab.lines("vfio_iommufd_setup_test"));
    String line = lines.get(number - 1);
    assertTrue(line.contains(is), line);
    lines.set(number - 1, line.replace(is, other));
    var bad = assertThrows(BadRecordingException.class, () -> read(String.join("\n", lines)));
    assertEquals(message, bad.getMessage());
  }

  @Test
  void anEmptyFileIsNoRecording() {
    assertEquals(
        "line 1: the file is empty",
        assertThrows(BadRecordingException.class, () -> read("")).getMessage());
  }
}
