// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.pci.Host;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * Machine files with something changed in them, from a seeded generator: each is told what is wrong
 * with it by line and key, or is a machine that a kernel starts on.
 */
final class BadMachineFilesTest {

  private static final long SEED = Long.getLong("sim.seed", 20_261_129);
  private static final int BAD = 300;
  private static final Pattern MESSAGE =
      Pattern.compile("bad\\.yaml:\\d+: \\S[^\\n]*?: \\S[^\\n]*");

  private static final List<String> VALUES =
      List.of(
          "",
          "~",
          "-1",
          "0",
          "0x",
          "0xffffffffffffffff",
          "18446744073709551616",
          "1e9",
          "true",
          "none",
          "[]",
          "{}",
          "[1, 2]",
          "{at: 1}",
          "edu",
          "vtd",
          "0000:00:1f.7",
          "ffff:ff:1f.7",
          "8086:10d3",
          "'",
          "\"",
          "|",
          "*a",
          "&a b",
          "!!int x",
          "% ",
          "\t",
          "64K",
          "9999999T",
          "dmar0",
          "0000:00",
          "pci-bridge",
          "00: 86",
          "256");

  private static final List<String> WORDS =
      List.of(
          "at",
          "kind",
          "ids",
          "class",
          "config",
          "bus",
          "group",
          "iommu",
          "bars",
          "reserved",
          "model",
          "cap",
          "name",
          "size",
          "colour",
          "functions",
          "machine",
          "driver");

  private final Random random = new Random(SEED);

  @Test
  void everyBadFileIsToldLineAndKey() {
    List<String> good = new ArrayList<>();
    good.add(MachineFileTest.SERVER);
    Machine.names().forEach(name -> good.add(Machine.named(name).yaml()));
    good.add(Machine.named("single:amd-remap").yaml());
    good.add(Machine.named("single:virtio").yaml());
    int bad = 0;
    int started = 0;
    while (bad < BAD) {
      String text = changed(good.get(random.nextInt(good.size())));
      try {
        start(Machine.read("bad.yaml", text));
        started++;
      } catch (IllegalArgumentException wrong) {
        String message = String.valueOf(wrong.getMessage());
        assertTrue(MESSAGE.matcher(message).matches(), () -> told(text, message));
        int line = Integer.parseInt(message.split(":", 3)[1]);
        assertTrue(line <= text.lines().count() + 1, () -> told(text, message));
        bad++;
      } catch (RuntimeException wrong) {
        throw new AssertionError(told(text, wrong.toString()), wrong);
      }
    }
    assertEquals(BAD, bad);
    assertTrue(started > 0, "some changes leave a machine");
  }

  private static String told(String text, String message) {
    return "seed " + SEED + ": " + message + " of\n" + text;
  }

  private static void start(Machine machine) {
    try (var kernel = SimKernel.on(machine)) {
      assertEquals(
          machine.description().slots().size(), Host.of(kernel).devices().size(), machine.yaml());
    }
  }

  private String changed(String text) {
    String now = text;
    for (int i = random.nextInt(3); i >= 0; i--) {
      now = once(now);
    }
    return now;
  }

  private String once(String text) {
    var lines = new ArrayList<>(text.lines().toList());
    int at = random.nextInt(lines.size());
    String line = lines.get(at);
    switch (random.nextInt(9)) {
      case 0 -> lines.remove(at);
      case 1 -> lines.add(at, line);
      case 2 -> lines.set(at, " ".repeat(random.nextInt(4)) + line);
      case 3 -> lines.set(at, line.strip());
      case 4 -> lines.set(at, line.replaceFirst("(?<=: )[^,}\\]]+", quoted(pick(VALUES))));
      case 5 -> lines.set(at, line.replaceFirst("[a-z-]+(?=:)", pick(WORDS)));
      case 6 -> lines.set(at, line.substring(0, random.nextInt(line.length() + 1)));
      case 7 -> {
        int place = random.nextInt(line.length() + 1);
        lines.set(at, line.substring(0, place) + pick(VALUES) + line.substring(place));
      }
      default -> lines.add(at, "  " + pick(WORDS) + ": " + pick(VALUES));
    }
    return lines.isEmpty() ? "x" : String.join("\n", lines) + "\n";
  }

  private static String quoted(String replacement) {
    return Matcher.quoteReplacement(replacement);
  }

  private String pick(List<String> all) {
    return all.get(random.nextInt(all.size()));
  }
}
