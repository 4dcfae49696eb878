// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * The words that the tool passes on to itself when it becomes a program on another process' kernel.
 */
final class AttachedToolTest {

  private static List<String> left(String line) {
    return AttachedTool.withoutKernel(line.split(" "));
  }

  @Test
  void whatChoosesAKernelIsLeftOut() {
    assertEquals(
        List.of("inspect", "--all", "-o", "json"),
        left("--backend sim --attach /run/kernel inspect --all -o json"));
    assertEquals(
        List.of("--yes", "device", "list"),
        left("--yes --sim device list --attach=/run/kernel --backend=sim"));
  }

  @Test
  void theArgumentsOfAProgramStay() {
    assertEquals(
        List.of("trace", "--", "qemu", "--sim", "--attach", "x"),
        left("--attach s trace -- qemu --sim --attach x"));
  }

  @Test
  void simIsAKernelAsWellAsACommand() {
    CommandRun run = CommandRun.of("--backend", "sim", "device", "list");
    assertEquals(0, run.exitCode(), run.err());
    assertTrue(run.out().startsWith("kernel: simulated"), run.out());
  }
}
