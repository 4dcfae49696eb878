// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.cli.doctor.Doctor;
import io.iommufd4j.cli.doctor.Finding;
import io.iommufd4j.cli.doctor.Verdict;
import io.iommufd4j.cli.output.Document;
import io.iommufd4j.cli.output.TextRenderer;
import io.iommufd4j.cli.replace.NotPossibleException;
import io.iommufd4j.cli.replace.ReplaceOrder;
import io.iommufd4j.cli.replace.ReplacePlan;
import io.iommufd4j.cli.replace.ReplaceTarget;
import io.iommufd4j.cli.run.ExitCode;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.pci.VfioBinding;
import io.iommufd4j.sim.Machine;
import io.iommufd4j.sim.SimKernel;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.Help.Ansi;

/** A host without an IOMMU: the reports about it, and the refusal of what it cannot do. */
final class NoIommuTest {

  private static final PciAddress EDU = PciAddress.parse("0000:00:08.0");
  private static final ReplaceOrder ORDER =
      new ReplaceOrder(ReplaceTarget.NEW_IOAS, 0, false, Optional.empty());

  private static CommandRun run(String iommu, String... line) {
    String[] all = new String[line.length + 3];
    all[0] = "--sim";
    all[1] = "--machine";
    all[2] = "single:" + iommu;
    System.arraycopy(line, 0, all, 3, line.length);
    return CommandRun.of(all);
  }

  private static Kernel kernel() {
    return SimKernel.on(Machine.named("single:noiommu"));
  }

  private static Finding found(Kernel kernel, String check) {
    return Doctor.examine(kernel).stream()
        .filter(finding -> finding.check().equals(check))
        .findFirst()
        .orElseThrow();
  }

  private static String shown(Function<PrintStream, Runnable> showing) {
    var out = new ByteArrayOutputStream();
    showing.apply(new PrintStream(out, true, StandardCharsets.UTF_8)).run();
    return out.toString(StandardCharsets.UTF_8);
  }

  @Test
  void doctorTellsTheTwoHostsApart() {
    CommandRun none = run("none", "doctor");
    assertTrue(none.out().contains("missing    IOMMU"), none.out());
    CommandRun mode = run("noiommu", "doctor");
    assertTrue(mode.out().contains("limited    IOMMU"), mode.out());
    assertTrue(mode.out().contains("enable_unsafe_noiommu_mode is Y"), mode.out());
    assertTrue(mode.out().contains("fix: turn VT-d"), mode.out());
  }

  @Test
  void doctorTriesWhatThereIsInstead() {
    try (var kernel = kernel();
        var _ = VfioBinding.bind(kernel, List.of(EDU))) {
      assertEquals(Verdict.LIMITED, found(kernel, "IOMMU").verdict());
      assertEquals(Verdict.OK, found(kernel, "attach").verdict());
      assertEquals(Verdict.OK, found(kernel, "physical").verdict());
      assertTrue(found(kernel, "physical").observed().contains("IOMMU_IOAS_NOIOMMU_GET_PA"));
    }
  }

  @Test
  void nothingIsBoundWithoutNoIommuMode() {
    CommandRun refused = run("none", "device", "bind", "00:08.0", "--yes");
    assertEquals(1, refused.exitCode(), refused.err());
    assertTrue(refused.err().contains("EINVAL"), refused.err());
    assertTrue(refused.err().contains("is the IOMMU enabled"), refused.err());
    assertTrue(refused.err().contains("enable_unsafe_noiommu_mode=1"), refused.err());
  }

  @Test
  void deviceIsBoundWithConsentOnly() {
    CommandRun unasked = run("noiommu", "device", "bind", "00:08.0");
    assertEquals(2, unasked.exitCode());
    assertTrue(unasked.err().contains("reaches all of this machine's memory"), unasked.err());
    CommandRun agreed = run("noiommu", "device", "bind", "00:08.0", "--yes");
    assertEquals(0, agreed.exitCode(), agreed.err());
    assertTrue(agreed.out().contains("vfio-pci at /dev/vfio/devices/noiommu-vfio0"), agreed.out());
    assertTrue(agreed.out().contains("no IOMMU: its DMA goes to physical"), agreed.out());
  }

  @Test
  void replaceIsRefusedBeforeTheDeviceIsTouched() {
    for (String iommu : List.of("none", "noiommu")) {
      CommandRun refused = run(iommu, "device-replace", "00:08.0", "--yes");
      assertEquals(ExitCode.NOT_AVAILABLE, refused.exitCode(), refused.out());
      assertTrue(refused.err().contains("in no IOMMU group"), refused.err());
      assertTrue(refused.err().contains("turn the IOMMU on"), refused.err());
      assertEquals(1, refused.errors().size(), refused.err());
    }
  }

  @Test
  void replaceOfAHeldDeviceIsRefusedToo() {
    try (var kernel = kernel();
        var _ = VfioBinding.bind(kernel, List.of(EDU))) {
      var device = Host.of(kernel).device(EDU);
      var refused =
          assertThrows(NotPossibleException.class, () -> ReplacePlan.of(kernel, device, ORDER));
      String message = String.valueOf(refused.getMessage());
      assertTrue(message.contains("no-IOMMU mode"), message);
      assertTrue(message.contains("change nothing for the device"), message);
    }
  }

  @Test
  void listsSayWhatIsMissing() {
    try (var kernel = kernel();
        var _ = VfioBinding.bind(kernel, List.of(EDU))) {
      var host = Host.of(kernel);
      var device = host.device(EDU);
      var list = new Document.Devices(kernel.identity(), List.of(device), List.of());
      var one = Document.Device.of(kernel, device);
      var groups = new Document.Groups(kernel.identity(), host.groups());
      String text =
          shown(out ->
              () -> {
                var renderer = new TextRenderer(out, Ansi.OFF);
                renderer.result(list);
                renderer.result(one);
                renderer.result(groups);
              });
      assertTrue(text.contains("none (no-IOMMU mode)"), text);
      assertTrue(text.contains("noiommu-vfio0"), text);
      assertTrue(text.contains("none: VFIO holds it in no-IOMMU mode"), text);
      assertTrue(text.contains("0 (unknown, vfio-noiommu)"), text);
      String json = JsonDocument.of("device show", one);
      assertTrue(json.contains("\"no_iommu_mode\" : true"), json);
      assertTrue(json.contains("\"name\" : \"vfio-noiommu\""), json);
    }
  }

  @Test
  void deviceIsFoundByItsCdev() {
    try (var kernel = kernel();
        var _ = VfioBinding.bind(kernel, List.of(EDU))) {
      var host = Host.of(kernel);
      assertEquals(EDU, host.locate("noiommu-vfio0").address());
      assertEquals(EDU, host.locate("/dev/vfio/devices/noiommu-vfio0").address());
    }
  }
}
