// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.safety;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Signals at every step of a replace: the host is as it was found each time. */
@OnHostKernels
@Tag("sweep")
final class SignalTest {

  private static final String FIRST = "0000:00:08.0";
  private static final String SECOND = "0000:00:08.1";

  @ParameterizedTest
  @EnumSource(Signal.class)
  void driverlessDevice(Signal signal) throws InterruptedException {
    sweep("driverless device", HeldDeviceTest.DEVICE, signal);
  }

  @ParameterizedTest
  @EnumSource(Signal.class)
  void twoFunctionsOfADriver(Signal signal) throws InterruptedException {
    try (var _ = BoundByHand.to("pci-stub", FIRST);
        var _ = BoundByHand.to("pci-stub", SECOND)) {
      sweep("two functions of one group, both with the driver pci-stub", FIRST, signal);
    }
  }

  @ParameterizedTest
  @EnumSource(Signal.class)
  void cardWithTwoFunctions(Signal signal) throws InterruptedException {
    assumeTrue(
        Files.exists(Sysfs.device(Card.PHYSICAL).resolve("sriov_numvfs")) && onServer(),
        "needs a network card with virtual functions");
    try (var _ = Card.withTwoFunctions()) {
      sweep("PF igb with 2 VFs, one of igbvf and one of vfio-pci", Card.PHYSICAL, signal);
    }
  }

  private static boolean onServer() {
    return "host".equals(System.getProperty("iommufd4j.machine"));
  }

  private static void sweep(String device, String address, Signal signal)
      throws InterruptedException {
    var failures = new ArrayList<String>();
    int asFound = 0;
    int line = 1;
    while (true) {
      InterruptedRun run = InterruptedRun.of(address, signal, line);
      if (!run.sent()) {
        assertEquals(0, run.exitCode(), () -> told(run));
        assertEquals(List.of(), run.changes(), () -> told(run));
        break;
      }
      var wrong = new ArrayList<>(run.changes());
      if (run.exitCode() != signal.exitCode() && run.exitCode() != 0) {
        wrong.add("exit code " + run.exitCode());
      }
      if (wrong.isEmpty()) {
        asFound++;
      } else {
        failures.add("at line " + line + ": " + wrong + "\n" + told(run));
      }
      if (!run.changes().isEmpty()) {
        break;
      }
      line++;
    }
    int runs = asFound + failures.size();
    Row.sweep(device, signal.name(), line - 1, runs, asFound);
    assertTrue(runs > 0, "nothing was interrupted");
    assertTrue(failures.isEmpty(), () -> String.join("\n", failures));
  }

  private static String told(InterruptedRun run) {
    return run.said().stream().collect(Collectors.joining("\n  ", "  ", ""));
  }
}
