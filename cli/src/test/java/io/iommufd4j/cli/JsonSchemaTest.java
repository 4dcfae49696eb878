// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code docs/iommufdctl.schema.json} takes each kind of document, and nothing else. */
final class JsonSchemaTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "doctor",
        "device list --all",
        "device show 02:01.0",
        "device bind 02:01.0",
        "device clear-override 02:01.0",
        "group list",
        "group show 0",
        "machine list",
        "machine show many:amd",
        "machine check ../fallback-sim/src/main/resources/io/iommufd4j/sim/machine/host.yaml",
        "machine check none.yaml",
        "device-replace 02:01.0 --dry-run",
        "device-replace 02:01.0 --prove-dma --repeat 3",
        "device-replace 00:19.0",
        "bench 02:01.0 --seconds 0.01 --count 5 --size 4K,2M --ways replace",
        "bench 00:19.0",
        "device bind 00:19.0",
        "inspect --all",
        "device show nonsense",
        "frobnicate"
      })
  void eachKindOfDocumentIsTaken(String line) {
    CommandRun run = CommandRun.of(("--sim " + line + " -o json").split(" "));
    assertEquals(List.of(), JsonDocument.faults(run.out()), run.out());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "device list      | \"schema\" : 1           | \"schema\" : 2",
        "device list      | \"sim\"                  | \"other\"",
        "device list      | \"revision\"             | \"seen\"",
        "device list      | \"mediated\" : [ ]       | \"mediated\" : null",
        "device list      | \"0000:00:0b.0\"         | \"00:0b.0\"",
        "doctor           | \"not-tried\"            | \"perhaps\"",
        "doctor           | \"fix\"                  | \"mend\"",
        "group list       | \"0xfee00000\"           | 4276092928",
        "device-replace 00:0b.0 --repeat 3 | \"p99\"  | \"p95\"",
        "device-replace 00:0b.0 | \"verified\" : true | \"verified\" : true, \"error\" : null",
        "bench 00:0b.0 --seconds 0.01 --count 2 --ways replace | \"lost\"   | \"missed\"",
        "device-replace 00:0b.0 --dry-run  | \"bound_temporarily\" | \"bound_for_the_run\"",
      })
  void whatIsOtherwiseIsRefused(String line, String is, String other) {
    String[] words = ("--sim --machine many:vtd --yes -o json " + line).split(" ");
    String document = CommandRun.of(words).out();
    String changed = document.replace(is, other);
    assertFalse(changed.equals(document), document);
    assertFalse(JsonDocument.faults(changed).isEmpty(), changed);
  }

  @Test
  void noKeyMayBeMissing() {
    String document = CommandRun.of("--sim", "device", "list", "-o", "json").out();
    String without = document.replaceFirst("(?s)\"command\" : \"device list\",", "");
    assertFalse(JsonDocument.faults(without).isEmpty(), without);
  }
}
