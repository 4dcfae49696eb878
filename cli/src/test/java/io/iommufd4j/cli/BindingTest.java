// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.cli.command.DeviceBind;
import io.iommufd4j.cli.output.Document;
import io.iommufd4j.cli.output.TextRenderer;
import io.iommufd4j.cli.replace.ReplaceOrder;
import io.iommufd4j.cli.replace.ReplacePlan;
import io.iommufd4j.cli.replace.ReplaceTarget;
import io.iommufd4j.error.HostException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.pci.DriverOverride;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.Patience;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.pci.VfioBinding;
import io.iommufd4j.sim.Machine;
import io.iommufd4j.sim.SimKernel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.Help.Ansi;

/** {@code device bind} and {@code device unbind}, each on a machine of its own. */
final class BindingTest {

  @Test
  void aDeviceWithoutDriverIsBoundUnasked() {
    CommandRun text = CommandRun.of("--sim", "device", "bind", "02:01.0");
    assertEquals(0, text.exitCode(), text.err());
    assertTrue(
        text.out().contains("0000:02:01.0: driver none -> vfio-pci at /dev/vfio/devices/vfio0"),
        text.out());
    CommandRun json = CommandRun.of("--sim", "device", "bind", "02:01.0", "-o", "json");
    assertEquals("vfio-pci", json.json("after", "driver"));
    assertEquals("vfio-pci", json.json("after", "driver_override"));
  }

  @Test
  void aDeviceInUseIsTakenOnlyWithConsent() {
    CommandRun unasked = CommandRun.of("--sim", "device", "bind", "00:19.0");
    assertEquals(2, unasked.exitCode());
    assertEquals(
        "iommufdctl: 0000:00:19.0 is in use by the host; 0000:00:19.0: network interface eth0 (down) goes away: agree with --yes",
        unasked.err().strip());

    CommandRun refused = CommandRun.answering("no\n", "--sim", "device", "bind", "00:19.0");
    assertEquals(4, refused.exitCode());
    assertTrue(refused.err().contains("take 0000:00:19.0 from its driver e1000e? [y/N]"));

    CommandRun agreed = CommandRun.answering("yes\n", "--sim", "device", "bind", "00:19.0");
    assertEquals(0, agreed.exitCode(), agreed.err());
    CommandRun told = CommandRun.of("--sim", "device", "bind", "00:19.0", "--yes");
    assertEquals(0, told.exitCode(), told.err());
    assertTrue(told.out().contains("driver e1000e -> vfio-pci"), told.out());
  }

  @Test
  void siblingsThatKeepTheGroupAreNamed() {
    CommandRun run = CommandRun.of("--sim", "--machine", "many", "device", "bind", "00:0b.0");
    assertEquals(0, run.exitCode(), run.err());
    assertTrue(run.out().contains("0000:00:0b.1 (e1000e)"), run.out());
  }

  @Test
  void aDeviceThatIsNotVfiosIsNotUnbound() {
    CommandRun run = CommandRun.of("--sim", "device", "unbind", "00:19.0");
    assertEquals(1, run.exitCode());
    assertEquals(1, run.errors().size(), run.err());
    assertTrue(run.err().contains("EINVAL"), run.err());
    assertTrue(run.err().contains("e1000e"), run.err());
  }

  @Test
  void aRefusalAndAnUnaskedQuestionCarryThePlan() {
    String[] line = {"--sim", "device", "bind", "00:19.0", "-o", "json"};
    for (CommandRun run : List.of(CommandRun.of(line), CommandRun.answering("n\n", line))) {
      assertEquals(run.exitCode(), run.json("error", "exit_code"));
      assertEquals("0000:00:19.0", run.json("plan", "device", "address"));
      assertEquals("vfio-pci", run.json("plan", "driver"));
      assertEquals(
          List.of(
              "0000:00:19.0 is in use by the host",
              "0000:00:19.0: network interface eth0 (down) goes away"),
          run.json("plan", "at_stake"),
          run.out());
    }
    assertEquals(2, CommandRun.of(line).exitCode());
    assertEquals(4, CommandRun.answering("n\n", line).exitCode());
    assertEquals(
        4, CommandRun.answering("", line).exitCode(), "the end of the input agrees to nothing");
  }

  @Test
  void whatTheHostHasOfTheDeviceIsAtStake() {
    try (var kernel = SimKernel.on(Machine.named("desk"))) {
      var card = PciAddress.parse("0000:00:19.0");
      kernel.control().show("/sys/bus/pci/devices/0000:00:19.0/net/eth7/operstate", "up\n");
      var host = Host.of(kernel);
      assertEquals(
          List.of(
              "0000:00:19.0 is in use by the host",
              "0000:00:19.0: network interface eth0 (down) goes away",
              "0000:00:19.0: network interface eth7 (up) goes away"),
          DeviceBind.atStake(host, host.device(card), List.of()));
      var order = new ReplaceOrder(ReplaceTarget.NEW_IOAS, 0, false, Optional.empty());
      assertEquals(
          List.of(
              "0000:00:19.0 is in use by the host, taken from e1000e by vfio-pci for the run",
              "0000:00:19.0: network interface eth0 (down) goes away, for the run",
              "0000:00:19.0: network interface eth7 (up) goes away, for the run"),
          ReplacePlan.of(kernel, host.device(card), order).atStake());
    }
  }

  @Test
  void aVirtualFunctionThatCarriesTrafficKeepsItsPhysicalOne() throws IOException {
    try (var kernel = SimKernel.on(Machine.named("host"))) {
      var card = PciAddress.parse("0000:01:00.0");
      Path below = Host.of(kernel).sysfs().resolve("bus/pci/devices");
      SysfsAttribute.write(kernel, "bus/pci/devices/" + card + "/sriov_numvfs", "1");
      var function = Host.of(kernel).virtualFunctions(Host.of(kernel).device(card)).getFirst();
      Path net = below.resolve(function.address() + "/net");
      try (var names = Files.list(net)) {
        kernel.control().show(names.findFirst().orElseThrow() + "/flags", "0x1003\n");
      }

      var refused =
          assertThrows(HostException.class, () -> VfioBinding.prepare(kernel, List.of(card)));

      assertEquals(Errno.EBUSY, refused.errno());
      String message = String.valueOf(refused.getMessage());
      assertTrue(message.contains(" is switched on (link down); "), message);
    }
  }

  @Test
  void aSimulatedChangeIsSaidNotToStay() {
    CommandRun text = CommandRun.of("--sim", "device", "bind", "02:01.0");
    assertEquals(
        List.of("note: the simulated kernel ends with this command; nothing of the change stays"),
        text.errors());
    CommandRun json = CommandRun.of("--sim", "device", "bind", "02:01.0", "-o", "json");
    assertEquals(false, json.json("stays"));
  }

  @Test
  void anOverrideThatIsNotSetNeedsNoClearing() {
    CommandRun text = CommandRun.of("--sim", "device", "clear-override", "02:01.0");
    assertEquals(0, text.exitCode(), text.err());
    assertTrue(text.out().contains("no driver_override is set; nothing was done"), text.out());
    assertEquals("", text.err());
  }

  @Test
  void aLeftoverOverrideIsClearedAndNamed() {
    try (var kernel = SimKernel.on(Machine.named("desk"))) {
      var host = Host.of(kernel);
      var address = PciAddress.parse("0000:02:01.0");
      try (var binding = VfioBinding.bind(kernel, List.of(address))) {
        binding.keep();
      }
      var before = host.device(address);
      assertEquals(Optional.of("vfio-pci"), before.driverOverride());
      DriverOverride.clear(kernel, before, Patience.DEFAULT);
      var after = host.device(address);
      assertEquals(Optional.empty(), after.driverOverride());
      assertEquals(Optional.of("vfio-pci"), after.driver(), "the driver stays");
      var out = new ByteArrayOutputStream();
      new TextRenderer(new PrintStream(out, true, StandardCharsets.UTF_8), Ansi.OFF)
          .result(new Document.Overridden(kernel.identity(), before, after));
      assertTrue(
          out.toString(StandardCharsets.UTF_8)
              .contains(
                  "0000:02:01.0: driver_override was vfio-pci, and is cleared; driver vfio-pci"),
          out.toString(StandardCharsets.UTF_8));
    }
  }
}
