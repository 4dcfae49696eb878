// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.DmaBuffer;
import io.iommufd4j.Iommufd;
import io.iommufd4j.cli.output.Document;
import io.iommufd4j.cli.output.DotRenderer;
import io.iommufd4j.cli.output.JsonRenderer;
import io.iommufd4j.cli.output.Renderer;
import io.iommufd4j.cli.output.TextRenderer;
import io.iommufd4j.cli.replace.Interruption;
import io.iommufd4j.cli.replace.ProgressListener;
import io.iommufd4j.cli.vmm.BorrowedDevice;
import io.iommufd4j.cli.vmm.EduDma;
import io.iommufd4j.cli.vmm.Inspection;
import io.iommufd4j.cli.vmm.RunningOrder;
import io.iommufd4j.cli.vmm.RunningPlan;
import io.iommufd4j.cli.vmm.RunningWatch;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.pci.VfioBinding;
import io.iommufd4j.sim.HostProcess;
import io.iommufd4j.sim.Machine;
import io.iommufd4j.sim.SimKernel;
import io.iommufd4j.uapi.Access;
import io.iommufd4j.uapi.HwptFlag;
import io.iommufd4j.vfio.VfioDevice;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine.Help.Ansi;

/**
 * The documents of {@code inspect} about a process that uses a device, and misuse of its options.
 */
final class VmmDocumentsTest {

  private static final PciAddress ADDRESS = PciAddress.parse("0000:00:08.0");

  /** A look at a process that has a device and 2 MiB mapped for it. */
  private interface Look {
    Document at(SimKernel kernel, HostProcess vmm, VfioDevice device);
  }

  private static String shown(
      Machine machine, Look look, Function<PrintStream, Renderer> renderer) {
    try (var kernel = SimKernel.on(machine);
        var _ = VfioBinding.bind(kernel, List.of(ADDRESS));
        var vmm = kernel.control().start("/usr/bin/qemu");
        var memory = DmaBuffer.allocate(vmm, 1 << 21);
        var iommufd = Iommufd.open(vmm);
        var device = VfioDevice.open(vmm, ADDRESS)) {
      device.bind(iommufd);
      var ioas = iommufd.newIoas();
      ioas.map(memory.segment(), 1 << 20, Access.READ_WRITE);
      device.attach(iommufd.newHwpt(device, ioas));
      var bytes = new ByteArrayOutputStream();
      var out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
      renderer.apply(out).result(look.at(kernel, vmm, device));
      return bytes.toString(StandardCharsets.UTF_8);
    }
  }

  private static String inspected(Function<PrintStream, Renderer> renderer) {
    Look look =
        (kernel, vmm, _) -> {
          Inspection found = Inspection.of(kernel, vmm.pid());
          assertEquals(found, Inspection.all(kernel));
          return new Document.Inspected(kernel.identity(), found);
        };
    return shown(Machine.named("single:vtd"), look, renderer);
  }

  @Test
  void tree() {
    assertEquals(
        """
        process PID (qemu), 2 MiB pinned
          fd 3: iommufd, 3 objects, limits pinned memory by user
            IOAS 2: 0x0-0xfedfffff 0xfef00000-0xffffffffffff
            HWPT 3: not made for dirty tracking
            device 1
          fd 4: 0000:00:08.0 -> HWPT 3 -> IOAS 2
        """,
        inspected(out -> new TextRenderer(out, Ansi.OFF))
            .replaceFirst("(?m)^kernel: .*\n", "")
            .replaceFirst("process \\d+", "process PID"));
  }

  @Test
  void json() {
    String document = inspected(out -> new JsonRenderer(out, "inspect"));
    assertEquals(List.of(), JsonDocument.faults(document), document);
    assertTrue(document.contains("\"hwpt\" : 3"), document);
  }

  @Test
  void graph() {
    List<String> lines =
        inspected(DotRenderer::new).replaceAll("\"\\d+/", "\"PID/").lines().toList();
    assertTrue(lines.contains("    \"PID/fd4\" -> \"PID/3/3\";"), lines.toString());
    assertTrue(lines.contains("    \"PID/3/3\" -> \"PID/3/2\";"), lines.toString());
  }

  /** A device that writes 8 bytes of a mapping of 2 MiB while it is watched for no time. */
  private static String watched(Function<PrintStream, Renderer> renderer) {
    Look look =
        (kernel, vmm, device) -> {
          var host = Host.of(kernel);
          var order = new RunningOrder(Set.of(HwptFlag.DIRTY_TRACKING), false, Duration.ZERO, 1);
          try (var borrowed = BorrowedDevice.of(kernel, host.device(ADDRESS), vmm.pid())) {
            var plan = RunningPlan.of(host, host.device(ADDRESS), borrowed, order);
            var watch = RunningWatch.of(borrowed, plan, List.of());
            var outcome = watch.run(new Interruption(), new WritesOnce(device));
            return new Document.Watched(
                kernel.identity(), plan, List.of(), outcome, watch.unwatchedBytes());
          }
        };
    Machine machine = Machine.named("single:vtd").toBuilder().dirtyTracking(true).build();
    return shown(machine, look, renderer);
  }

  private record WritesOnce(VfioDevice device) implements ProgressListener {
    @Override
    public void did(String text) {
      if (text.startsWith("replaced")) {
        EduDma.write(device, (1 << 20) + 0x9000, 8);
      }
    }
  }

  @Test
  void heatMap() {
    assertEquals(
        """
        ok  the device is attached to the new HWPT (destroying HWPT 4 answers EBUSY)
        ok  the process' iommufd has the HWPT that it had (it has [HWPT 3], and HWPT 3 translates)
        0000:00:08.0 wrote 1 page of 2 MiB in TIME; 1 look
        in a map: . nothing, 1-9 from few to all pages at all looks
          0x100000-0x2fffff, 2 MiB: 1 page
            [.2..............................................................] 32 KiB a character
            0x109000-0x109fff
        """,
        watched(out -> new TextRenderer(out, Ansi.OFF)).replaceFirst("in [0-9.]+ .s;", "in TIME;"));
  }

  @Test
  void heatMapAsJson() {
    String document = watched(out -> new JsonRenderer(out, "dirty"));
    assertEquals(List.of(), JsonDocument.faults(document), document);
    assertTrue(document.contains("\"first\" : \"0x109000\""), document);
    assertTrue(document.contains("\"unwatched_bytes\" : 0"), document);
  }

  @ParameterizedTest
  @CsvSource({
    "dirty 02:01.0, 2",
    "dirty 02:01.0 --pid 1 --seconds 0, 2",
    "dirty 02:01.0 --pid 1 --iova 0x1000-0x1800, 2",
    "dirty 02:01.0 --pid 1 --iova 0x2000-0x1fff, 2",
    "dirty 02:01.0 --pid 1 --iova all, 2",
    "dirty 02:01.0 --pid 1 --iova 0x1000-0x2fff, 1",
    "dirty 02:01.0 --pid 4000000, 1",
    "inspect, 2",
    "inspect --all --pid 1, 2",
    "inspect --all --dot -o json, 2",
    "inspect --all, 0",
    "inspect --pid 4000000, 1",
    "device-replace 02:01.0 --pid 1 --keep --back-after 3, 2",
    "device-replace 02:01.0 --pid 1 --keep --repeat 3, 2",
    "device-replace 02:01.0 --pid 1 --prove-dma, 2",
    "device-replace 02:01.0 --pid 1 --flags nest-parent, 2",
    "device-replace 02:01.0 --iommufd-fd 5, 2",
    "device-replace 02:01.0 --pid 4000000, 1"
  })
  void exitCodes(String line, int expected) {
    CommandRun run = CommandRun.of(("--sim " + line).split(" "));
    assertEquals(expected, run.exitCode(), run.err());
  }
}
