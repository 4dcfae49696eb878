// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code device-replace} on simulated machines. */
final class DeviceReplaceTest {

  @Test
  void theCommandOfTheReadmeNeedsNobodysConsent() {
    CommandRun run = CommandRun.of("--sim", "device-replace", "0000:02:01.0");
    assertEquals(0, run.exitCode(), run.err());
    assertEquals("", run.err());
    int plan = run.out().indexOf("plan");
    int bound = run.out().indexOf("bound 0000:02:01.0 to vfio-pci");
    int replaced = run.out().indexOf("replaced: HWPT ");
    assertTrue(0 < plan && plan < bound && bound < replaced, run.out());
    assertTrue(run.out().contains("by simulated Linux "), run.out());
    assertTrue(run.out().contains("window: "), run.out());
  }

  @ParameterizedTest
  @CsvSource({
    "new-ioas, true, true",
    "same-ioas, false, true",
    "auto, true, true",
  })
  void eachTargetIsReachedAndVerified(String target, boolean otherIoas, boolean otherHwpt) {
    CommandRun run =
        CommandRun.of(
            "--sim", "device-replace", "02:01.0", "--target", target, "--prove-dma", "-o", "json");
    assertEquals(0, run.exitCode(), run.err());
    assertEquals(true, run.json("verified"));
    assertEquals(target, run.json("plan", "target"));
    assertEquals(otherIoas, !run.json("from", "ioas").equals(run.json("to", "ioas")));
    assertEquals(otherHwpt, !run.json("from", "hwpt").equals(run.json("to", "hwpt")));
    assertEquals(true, run.json("dma", "holds"));
    assertNull(run.json().get("latency"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"vtd", "amd", "virtio", "smmuv3"})
  void bothBuffersBytesAreShown(String iommu) {
    CommandRun run =
        CommandRun.of(
            "--sim", "--machine", "single:" + iommu, "device-replace", "00:08.0", "--prove-dma");
    assertEquals(0, run.exitCode(), run.err());
    List<String> landings =
        run.out().lines().map(String::strip).filter(l -> l.startsWith("buffer ")).toList();
    String nothing = "00000000 00000000 00000000 00000000  |................|  nothing arrived";
    String a = "74686973 20697320 62756666 65722041  |this is buffer A|  bytes of buffer A";
    String b = "74686973 20697320 62756666 65722042  |this is buffer B|  bytes of buffer B";
    assertEquals(
        List.of("buffer A  " + a, "buffer B  " + nothing, "buffer A  " + nothing, "buffer B  " + b),
        landings);
  }

  @Test
  void theSiblingsDmaMovesToo() {
    CommandRun run =
        CommandRun.of(
            "--sim",
            "--machine=two-function",
            "device-replace",
            "00:08.0",
            "--prove-dma",
            "--yes",
            "-ojson");
    assertEquals(0, run.exitCode(), run.err());
    List<?> copies = (List<?>) run.json("dma", "copies");
    List<String> copied =
        copies.stream()
            .map(c -> (Map<?, ?>) c)
            .map(c -> c.get("when") + " " + c.get("device") + " " + c.get("expected_buffer"))
            .toList();
    assertEquals(
        List.of(
            "before 0000:00:08.0 A",
            "before 0000:00:08.1 A",
            "after 0000:00:08.0 B",
            "after 0000:00:08.1 B"),
        copied);
    assertTrue(copies.stream().allMatch(c -> Boolean.TRUE.equals(((Map<?, ?>) c).get("holds"))));
  }

  @Test
  void siblingsAreNamedAndNotTouchedUnasked() {
    CommandRun run = CommandRun.of("--sim", "--machine=bridge", "device-replace", "02:01.0");
    assertEquals(2, run.exitCode());
    assertEquals(1, run.errors().size(), run.err());
    assertTrue(run.err().contains("0000:02:02.0 shares the group and moves along"), run.err());
    assertTrue(run.err().contains("--yes"), run.err());
    assertFalse(run.out().contains("bound"), run.out());
  }

  @Test
  void somebodyAtTheTerminalIsAsked() {
    String[] line = {"--sim", "--machine=bridge", "device-replace", "02:01.0"};
    CommandRun refused = CommandRun.answering("n\n", line);
    assertEquals(4, refused.exitCode());
    assertTrue(refused.err().contains("nothing was done"), refused.err());
    CommandRun agreed = CommandRun.answering("y\n", line);
    assertEquals(0, agreed.exitCode(), agreed.err());
    assertTrue(agreed.err().contains("0000:02:02.0 shares the group"), agreed.err());
  }

  @Test
  void aRefusalCarriesThePlan() {
    String[] line = {"--sim", "--machine=bridge", "device-replace", "02:01.0", "-ojson"};
    for (CommandRun run : List.of(CommandRun.of(line), CommandRun.answering("n\n", line))) {
      assertEquals(run.exitCode(), run.json("error", "exit_code"));
      assertEquals("0000:02:01.0", run.json("plan", "device", "address"));
      assertEquals(
          List.of(
              "0000:01:00.0 shares the group and moves along",
              "0000:02:02.0 shares the group and moves along"),
          run.json("plan", "at_stake"));
    }
    assertEquals(2, CommandRun.of(line).exitCode());
    assertEquals(4, CommandRun.answering("n\n", line).exitCode());
  }

  @Test
  void aSiblingWithAHostDriverLeavesItForTheRun() {
    CommandRun run =
        CommandRun.of("--sim", "--machine=many", "device-replace", "00:0b.0", "--yes", "-ojson");
    assertEquals(0, run.exitCode(), run.err());
    Map<?, ?> sibling = (Map<?, ?>) ((List<?>) run.json("plan", "siblings")).getFirst();
    assertEquals("0000:00:0b.1", sibling.get("address"));
    assertEquals("e1000e", sibling.get("driver"));
    assertEquals(true, sibling.get("bound_temporarily"));
  }

  @Test
  void aDryRunAsksTheKernelNothing() {
    CommandRun run =
        CommandRun.of(
            "--sim", "--machine=bridge", "device-replace", "02:01.0", "--dry-run", "--trace");
    assertEquals(0, run.exitCode(), run.err());
    assertEquals("", run.err(), "no call was made");
    assertTrue(run.out().contains("0000:02:02.0"), run.out());
    assertFalse(run.out().contains("replaced:"), run.out());
  }

  @ParameterizedTest
  @ValueSource(strings = {"new-ioas", "same-ioas", "auto"})
  void replaceIsTimedBesideDetachAndAttach(String target) {
    CommandRun run =
        CommandRun.of(
            "--sim",
            "--machine=two-function",
            "device-replace",
            "00:08.0",
            "--yes",
            "--repeat=7",
            "--target=" + target,
            "-ojson");
    assertEquals(0, run.exitCode(), run.err());
    assertEquals(7, run.json("latency", "rounds"));
    Map<?, ?> replace = (Map<?, ?>) run.json("latency", "replace_ns");
    assertTrue(nanos(replace, "min") > 0, run.out());
    assertTrue(nanos(replace, "min") <= nanos(replace, "median"), run.out());
    assertTrue(nanos(replace, "median") <= nanos(replace, "p99"), run.out());
    assertTrue(run.json("latency", "detach_attach_ns") instanceof Map, run.out());
    assertTrue(run.json("latency", "median_ratio") instanceof Number, run.out());
  }

  @Test
  void latenciesAreShownAsText() {
    CommandRun run = CommandRun.of("--sim", "device-replace", "02:01.0", "--repeat", "5");
    assertEquals(0, run.exitCode(), run.err());
    assertTrue(run.out().contains("min"), run.out());
    assertTrue(run.out().contains("detach + attach takes "), run.out());
  }

  private static long nanos(Map<?, ?> summary, String key) {
    return ((Number) Objects.requireNonNull(summary.get(key))).longValue();
  }
}
