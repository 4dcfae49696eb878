// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import io.iommufd4j.sim.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.schema.CoreSchema;

/** {@code machine list|show|check}, and machine files wherever a machine is named. */
final class MachineFilesTest {

  private static final Path PAGE = Path.of("../docs/machine-files.md");
  private static final Path SCHEMA = Path.of("../docs/machine.schema.json");

  @TempDir private Path folder;

  private Path file(String text) throws IOException {
    return Files.writeString(folder.resolve("some.yaml"), text);
  }

  @Test
  void allMachinesAreListed() {
    CommandRun run = CommandRun.of("machine", "list");
    assertEquals(0, run.exitCode(), run.err());
    for (String name : Machine.names()) {
      assertTrue(run.out().contains("\n" + Machine.named(name).name() + "  "), run.out());
    }
  }

  @Test
  void whatIsShownIsCheckedAndUsed() throws IOException {
    String yaml = CommandRun.of("machine", "show", "host:amd").out();
    String path = file(yaml).toString();
    CommandRun checked = CommandRun.of("machine", "check", path);
    assertEquals(0, checked.exitCode(), checked.err());
    assertTrue(checked.out().contains("a machine of 20 functions in 13 groups"), checked.out());
    for (String line : List.of("device list --all", "group list", "device show 00:09.0")) {
      String named = CommandRun.of(("--sim --machine host:amd " + line).split(" ")).out();
      String read = CommandRun.of(("--sim --machine " + path + " " + line).split(" ")).out();
      assertEquals(named, read, line);
    }
  }

  @Test
  void mistakesLeaveWithTheCodeOfBadInput() throws IOException {
    String path = file("machine: a\nfunctions:\n  - {at: 00:08.0, kind: educational}\n").toString();
    for (String line : List.of("machine check ", "machine show ", "--sim device list --machine ")) {
      CommandRun run = CommandRun.of((line + path).split(" "));
      assertEquals(2, run.exitCode(), line);
      String start = "iommufdctl: " + path + ":3: functions[0].kind: there is no 'educational'";
      assertTrue(run.errors().getFirst().startsWith(start), run.err());
    }
  }

  /** A kernel on what was captured of another shows the same. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "desk",
        "bridge:amd",
        "many:virtio",
        "host",
        "two-iommus",
        "sriov:vtd-scalable",
        "single:none"
      })
  void whatIsCapturedShowsTheSame(String machine) throws IOException {
    CommandRun captured = CommandRun.of("--sim", "--machine", machine, "machine", "capture");
    assertEquals(0, captured.exitCode(), captured.err());
    String path = file(captured.out()).toString();
    CommandRun checked = CommandRun.of("machine", "check", path);
    assertEquals(0, checked.exitCode(), checked.err() + captured.out());
    assertEquals(List.of(), faults(captured.out()));
    for (String line : List.of("device list --all", "group list", "device show 00:1f.2")) {
      assertEquals(
          result("--sim --machine " + machine + " " + line),
          result("--sim --machine " + path + " " + line),
          captured.out());
    }
  }

  /** A host's virtual functions are there again, with their driver. */
  @ParameterizedTest
  @ValueSource(strings = {"vfio-pci", "none"})
  void virtualFunctionsAreCaptured(String driver) throws IOException {
    String text =
        """
        machine: card
        iommus: [{preset: amd}]
        functions:
          - {at: 00:0b.0, kind: root-port, bus: 1}
          - at: 01:00.0
            ids: 15b3:101e
            class: 0x020000
            express: true
            driver: mlx5_core
            bars: [{bar: 0, size: 32M, base: 0x383ffe000000, type: prefetchable64}]
            virtual-functions: {total: 4, offset: 2, stride: 1, device: 0x101f, enabled: 3, driver: %s, groups: [9, 7, 8]}
        """
            .formatted(driver);
    assertEquals(List.of(), faults(text));
    String path = file(text).toString();
    CommandRun captured = CommandRun.of("--sim", "--machine", path, "machine", "capture");
    assertTrue(
        captured.out().contains("enabled: 3, driver: " + driver + ", groups: [9, 7, 8]"),
        captured.out());
    Path again = Files.writeString(folder.resolve("again.yaml"), captured.out());
    for (String line : List.of("device list --all", "group list", "device show 01:00.4")) {
      assertEquals(
          result("--sim --machine " + path + " " + line),
          result("--sim --machine " + again + " " + line),
          captured.out());
    }
  }

  /** Through a device that vfio-pci has the kernel itself is asked. */
  @Test
  void whatSysfsDoesNotShowIsAskedFor() throws IOException {
    String desk = Machine.named("desk").yaml();
    String path = file(desk.replace("kind: edu,", "kind: edu, driver: vfio-pci,")).toString();
    CommandRun looked = CommandRun.of("--sim", "--machine", path, "machine", "capture");
    assertTrue(looked.out().contains("# the registers of smmu3"), looked.out());
    CommandRun asked = CommandRun.of("--sim", "--machine", path, "machine", "capture", "--probe");
    assertTrue(
        asked.out().contains("model: smmuv3, idr0: 0xd44101b, idr1: 0x2730010"), asked.out());
    String virtio = Machine.named("desk:virtio").yaml();
    path = file(virtio.replace("kind: edu,", "kind: edu, driver: vfio-pci,")).toString();
    asked = CommandRun.of("--sim", "--machine", path, "machine", "capture", "--probe");
    assertTrue(
        asked.out().contains("page-sizes: 0xfffffffffffff000, last-iova: 0xffffffffffffffff"),
        asked.out());
    assertEquals(Machine.read("virtio", virtio).toString(), "desk:virtio");
  }

  /** The text without its first line, which names the machine. */
  private static String result(String line) {
    String out = CommandRun.of(line.split(" ")).out();
    return out.substring(out.indexOf('\n') + 1);
  }

  @Test
  void thePagesExampleAndAllMachinesFollowTheSchema() throws IOException {
    String page = Files.readString(PAGE);
    String example = page.substring(page.indexOf("```yaml") + 8, page.indexOf("\n```\n"));
    assertEquals("my-server", Machine.read("example", example).name());
    assertEquals(List.of(), faults(example));
    for (String name : Machine.names()) {
      for (String iommu : Machine.iommus()) {
        String yaml = Machine.named(name + ":" + iommu).yaml();
        assertEquals(List.of(), faults(yaml), yaml);
      }
    }
    String wrong = example.replace("kind: edu", "kind: educational");
    assertTrue(!faults(wrong).isEmpty());
  }

  private static List<String> faults(String yaml) throws IOException {
    Object read =
        new Load(LoadSettings.builder().setSchema(new CoreSchema()).build()).loadFromString(yaml);
    Schema schema =
        SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
            .getSchema(Files.readString(SCHEMA));
    return schema.validate(JSON.std.asString(read), InputFormat.JSON).stream()
        .map(Object::toString)
        .toList();
  }
}
