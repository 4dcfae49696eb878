// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The verbs that look, on simulated machines. */
final class LookingTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "device list",
        "device list --all",
        "device show 02:01.0",
        "group list",
        "group show 0",
        "doctor",
        "device-replace 02:01.0 --dry-run"
      })
  void everyResultNamesItsKernel(String verb) {
    String line = verb + " --sim";
    CommandRun text = CommandRun.of(line.split(" "));
    assertEquals(0, text.exitCode(), text.err());
    assertTrue(text.out().startsWith("kernel: simulated Linux "), text.out());
    assertEquals("", text.err());

    CommandRun json = CommandRun.of((line + " -o json").split(" "));
    assertEquals(0, json.exitCode(), json.err());
    assertEquals(1, json.json("schema"));
    assertEquals("sim", json.json("kernel", "backend"));
    assertTrue(verb.startsWith((String) json.json("command")), json.out());
    assertEquals("", json.err());
  }

  @Test
  void aListShowsAddressesInFull() {
    CommandRun run = CommandRun.of("--sim", "device", "list");
    assertTrue(run.out().contains("\n0000:02:01.0  1234:11e8  "), run.out());
  }

  @ParameterizedTest
  @ValueSource(strings = {"0000:02:01.0", "02:01.0", "2:1.0", "/sys/bus/pci/devices/0000:02:01.0"})
  void aDeviceIsNamedInManyWays(String name) {
    CommandRun run = CommandRun.of("device", "show", name, "--sim", "-o", "json");
    assertEquals("0000:02:01.0", run.json("device", "address"), run.err());
    assertEquals("1234", run.json("device", "vendor"));
    assertEquals("11e8", run.json("device", "device"));
    assertNull(((Map<?, ?>) run.json("device")).get("driver"));
    assertTrue(run.json().containsKey("siblings"));
  }

  @Test
  void aShortAddressFindsTheOneDeviceOfAnotherDomain() {
    CommandRun run =
        CommandRun.of("device", "show", "e1:00.0", "--sim", "--machine", "host", "-o", "json");
    assertEquals(0, run.exitCode(), run.err());
    assertEquals("10000:e1:00.0", run.json("device", "address"));
  }

  @Test
  void siblingsAndReservedIovasAreShown() {
    CommandRun text = CommandRun.of("--sim", "--machine", "two-function", "device", "show", "8.0");
    assertEquals(2, text.exitCode(), "8.0 is no address");

    CommandRun run =
        CommandRun.of("--sim", "--machine", "two-function", "device", "show", "00:08.0");
    assertEquals(0, run.exitCode(), run.err());
    assertTrue(run.out().contains("0000:00:08.1"), run.out());
    assertTrue(run.out().contains("0xfee00000-0xfeefffff msi"), run.out());
    assertTrue(run.out().contains("window: the driver blocks DMA, then checks"), run.out());
  }

  @Test
  void aGroupShowsItsMembers() {
    CommandRun groups = CommandRun.of("--sim", "--machine=two-function", "group", "list", "-ojson");
    Map<?, ?> group =
        groups.list("groups").stream()
            .map(g -> (Map<?, ?>) g)
            .filter(g -> List.of("0000:00:08.0", "0000:00:08.1").equals(g.get("members")))
            .findFirst()
            .orElseThrow();
    String number = String.valueOf(group.get("number"));
    CommandRun shown =
        CommandRun.of("--sim", "--machine=two-function", "group", "show", number, "-ojson");
    assertEquals(group, shown.json("group"));
    assertEquals(2, shown.list("devices").size());
    CommandRun text = CommandRun.of("--sim", "--machine=two-function", "group", "show", number);
    assertTrue(text.out().contains("0000:00:08.1  1234:11e8"), text.out());
  }

  @ParameterizedTest
  @ValueSource(strings = {"vtd", "amd", "virtio", "smmuv3"})
  void theReplaceBehaviorIsTheDrivers(String iommu) {
    CommandRun run =
        CommandRun.of(
            "device-replace", "00:08.0", "-n", "--sim", "--machine", "single:" + iommu, "-ojson");
    String behavior = iommu.equals("vtd") ? "blocks-on-failure" : "window";
    assertEquals(behavior, run.json("plan", "replace_behavior"), run.err());
  }

  @Test
  void doctorMakesTheRealCalls() {
    CommandRun run = CommandRun.of("doctor", "--sim", "--trace");
    assertTrue(run.err().contains("IOMMU_IOAS_ALLOC("), run.err());
    assertTrue(run.err().contains("IOMMU_IOAS_MAP("), run.err());
    assertTrue(run.err().contains("IOMMU_IOAS_UNMAP("), run.err());
    assertTrue(run.out().contains("ok         map "), run.out());
    assertTrue(run.out().contains("not-tried  VFIO cdev"), run.out());
    assertTrue(run.out().contains("fix: bind one: iommufdctl device bind DEVICE"), run.out());
  }

  @Test
  void colourIsForTerminalsOnly() {
    String escape = "\u001b[";
    assertTrue(CommandRun.answering("", "--sim", "doctor").out().contains(escape));
    assertTrue(!CommandRun.answering("", "--sim", "--no-color", "doctor").out().contains(escape));
    assertTrue(!CommandRun.of("--sim", "doctor").out().contains(escape));
    for (String term : List.of("dumb", "xterm", "")) {
      var terminal = CommandRun.at(Map.of("TERM", term), "--sim", "doctor");
      assertEquals(!term.equals("dumb"), terminal.out().contains(escape), term);
    }
    assertTrue(!CommandRun.at(Map.of("NO_COLOR", "1"), "--sim", "doctor").out().contains(escape));
  }
}
