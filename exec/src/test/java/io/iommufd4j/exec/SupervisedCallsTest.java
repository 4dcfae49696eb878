// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec;

import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.iommufd4j.exec.record.RecordedEvent;
import io.iommufd4j.exec.record.RecordedKind;
import io.iommufd4j.exec.record.Recording;
import io.iommufd4j.exec.record.RecordingReader;
import io.iommufd4j.exec.record.RecordingWriter;
import io.iommufd4j.exec.replay.Replay;
import io.iommufd4j.exec.trace.DevicePaths;
import io.iommufd4j.exec.trace.TracedCall;
import io.iommufd4j.sim.RequestFaults;
import io.iommufd4j.sim.SimKernel;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Programs on a simulated kernel that are traced, recorded and made to meet faults. */
class SupervisedCallsTest {

  @TempDir Path directory;

  private final List<TracedCall> calls = new ArrayList<>();
  private final ByteArrayOutputStream lines = new ByteArrayOutputStream();
  private final RequestFaults faults = new RequestFaults();
  private CompiledPrograms programs;

  @BeforeEach
  void findsACompiler() throws Exception {
    programs = new CompiledPrograms(directory);
  }

  /** Runs a program, traced and recorded. */
  private int run(String... command) {
    try (SimKernel kernel = SimKernel.create();
        var to = new PrintStream(lines, true, StandardCharsets.UTF_8)) {
      var header = new DevicePaths(kernel.sysfs()).header(kernel.identity(), List.of(command));
      return new ProgramRun(kernel, System.err)
          .tracing(calls::add)
          .recording(new RecordingWriter(to, header))
          .failing(faults)
          .run(List.of(command));
    } catch (NotStartedException refused) {
      String reason = String.valueOf(refused.getMessage());
      assumeFalse(reason.contains("seccomp"), reason);
      throw refused;
    }
  }

  private Recording recording() throws Exception {
    String text = lines.toString(StandardCharsets.UTF_8);
    return RecordingReader.read(new BufferedReader(new StringReader(text)));
  }

  private void playsWithoutADifference() throws Exception {
    try (SimKernel kernel = SimKernel.create()) {
      assertEquals(Optional.empty(), new Replay(kernel).play(recording()));
    }
  }

  private Map<String, Long> counted() {
    return calls.stream().collect(groupingBy(call -> call.event().name(), counting()));
  }

  @ParameterizedTest
  @CsvSource({"ioas", "dma", "memory", "children", "threads"})
  void aRecordingPlaysWithoutADifference(String name) throws Exception {
    assertEquals(7, run(programs.compile(name), "1"));
    playsWithoutADifference();
  }

  @Test
  void requestsOpensTransfersAndAttributesAreTold() throws Exception {
    assertEquals(7, run(programs.compile("dma")));
    List<RecordedEvent> events = recording().events();
    assertEquals(
        1,
        events.stream()
            .filter(event ->
                event instanceof RecordedEvent.Open open
                    && open.kind() == RecordedKind.VFIO_DEVICE
                    && open.device().equals(Optional.of("0000:02:01.0")))
            .count(),
        "the device");
    assertTrue(
        events.stream()
            .anyMatch(event ->
                event instanceof RecordedEvent.Attribute attribute
                    && attribute.path().endsWith("/0000:02:01.0/driver_override")
                    && attribute.text().equals("vfio-pci")),
        "a driver is named");
    assertTrue(events.stream().anyMatch(RecordedEvent.Transfer.class::isInstance), "registers");
    assertFalse(events.stream().noneMatch(RecordedEvent.Close.class::isInstance), "closes");
    assertEquals(1L, counted().get("VFIO_DEVICE_BIND_IOMMUFD"));
    String bind =
        calls.stream()
            .filter(call -> call.event().name().equals("VFIO_DEVICE_BIND_IOMMUFD"))
            .findFirst()
            .orElseThrow()
            .toString();
    assertTrue(
        bind.matches("\\[\\d+\\] VFIO_DEVICE_BIND_IOMMUFD\\(fd=\\d+</dev/vfio/devices/vfio0>, .*"),
        bind);
    assertTrue(bind.contains("{out_devid=1 (device)}"), bind);
    assertEquals("sim", calls.getFirst().event().backend());
  }

  @Test
  void theNamedRequestFailsAndReachesNoKernel() throws Exception {
    faults.fail("the 1st IOMMU_IOAS_ALLOC answers ENFILE, the 9th IOMMU_DESTROY answers EBUSY");
    assertEquals(1, run(programs.compile("ioas")), "what it expects does not come");
    assertEquals("ENFILE", calls.getLast().event().errno().orElse(""));
    assertEquals(
        1,
        recording().events().stream()
            .filter(event -> event instanceof RecordedEvent.Ioctl ioctl && ioctl.fault())
            .count());
    assertEquals(1, faults.unmet().size(), faults.unmet()::toString);
    playsWithoutADifference();
  }
}
