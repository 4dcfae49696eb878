// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec;

import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.exec.record.RecordedEvent;
import io.iommufd4j.exec.record.RecordingLines;
import io.iommufd4j.exec.trace.TracedCall;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Programs traced on the host's own kernel, which needs no iommufd for that. */
class ProgramTraceTest {

  @TempDir Path directory;

  private final List<TracedCall> calls = new ArrayList<>();
  private CompiledPrograms programs;

  @BeforeEach
  void findsACompiler() throws Exception {
    programs = new CompiledPrograms(directory);
  }

  private int trace(String... command) {
    return new ProgramTrace(calls::add).run(List.of(command));
  }

  @Test
  void requestsOfThreadsAndChildrenAreTold() throws Exception {
    assertEquals(7, trace(programs.compile("traced")));
    Map<String, Long> byName =
        calls.stream().collect(groupingBy(call -> call.event().name(), counting()));
    assertEquals(
        Map.of("IOMMU_IOAS_MAP", 1L, "IOMMU_IOAS_ALLOC", 100L, "IOMMU_DESTROY", 1L), byName);
    assertEquals(
        6, calls.stream().map(TracedCall::thread).distinct().count(), "the first, 4 and a child");
    assertTrue(
        calls.stream().allMatch(call -> call.event().errno().orElse("").equals("ENOTTY")),
        calls::toString);
    String map = calls.getFirst().event().toString();
    assertTrue(
        map.contains("fd=3</dev/null>, size=40, flags=0x6 (WRITEABLE|READABLE), ioas_id=1 (IOAS)"),
        map);
  }

  @Test
  void aRecordingHasEachRequestWithItsBytes() throws Exception {
    var events = new ArrayList<RecordedEvent>();
    int status =
        new ProgramTrace(calls::add)
            .recording(events::add)
            .run(List.of(programs.compile("traced")));
    assertEquals(7, status);
    var requests = events.stream().map(RecordedEvent.Ioctl.class::cast).toList();
    assertEquals(102, requests.size());
    assertEquals(102, calls.size(), "told as well");
    RecordedEvent.Ioctl map = requests.getFirst();
    assertEquals("IOMMU_IOAS_MAP", map.request());
    assertEquals(RecordedEvent.NO_FILE, map.file(), "no file of iommufd or VFIO");
    assertEquals(40, Objects.requireNonNull(map.block()).length);
    assertEquals(-25, map.result());
    assertEquals("rw-p", map.memory().getFirst().access(), "the program's stack");
    assertEquals("flags=0x6 (WRITEABLE|READABLE)", map.fields().get(1).toString());
    assertTrue(RecordingLines.of(map).contains("\"errno\":\"ENOTTY\""));
  }

  @Test
  void theStatusAndTheSignalOfAProgramAreTold() throws Exception {
    assertEquals(128 + 10, trace(programs.compile("traced"), "10"));
    assertEquals(3, trace("sh", "-c", "exit 3"));
    assertEquals(0, trace("sh", "-c", "trap 'exit 0' USR1; kill -USR1 $$; exit 1"));
    assertEquals(127, trace("/no/such/program"));
  }
}
