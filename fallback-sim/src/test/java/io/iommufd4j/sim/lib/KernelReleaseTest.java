// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.lib;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.FileKind;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.sim.Machine;
import io.iommufd4j.sim.SimKernel;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The releases that are simulated, and the page that lists where they differ. */
final class KernelReleaseTest {

  private static final Path PAGE = Path.of("..", "docs", "releases.md");

  @Test
  void namesAreShortOrInFull() {
    assertEquals(List.of("6.12", "7.3"), KernelRelease.names());
    assertEquals(KernelRelease.LINUX_6_12, KernelRelease.named("6.12"));
    assertEquals(KernelRelease.LINUX_6_12, KernelRelease.named("6.12.117"));
    assertEquals(KernelRelease.NEWEST, KernelRelease.named("7.3.4"));
    var unknown = assertThrows(IllegalArgumentException.class, () -> KernelRelease.named("6.1"));
    assertEquals("no release '6.1': there are 6.12, 7.3", unknown.getMessage());
  }

  @Test
  void commandsAreServedFromTheirReleaseOn() {
    assertTrue(KernelRelease.LINUX_6_12.serves(Request.IOMMU_FAULT_QUEUE_ALLOC));
    assertFalse(KernelRelease.LINUX_6_12.serves(Request.IOMMU_IOAS_MAP_FILE));
    assertTrue(KernelRelease.NEWEST.serves(Request.IOMMU_IOAS_NOIOMMU_GET_PA));
  }

  @Test
  void everyBehaviorStandsOnThePage() throws IOException {
    String page = Files.readString(PAGE);
    for (Behavior behavior : Behavior.values()) {
      assertTrue(page.contains("| `" + behavior + "` |"), behavior + " is not on " + PAGE);
      assertTrue(KernelRelease.NEWEST.has(behavior));
    }
  }

  /** The table is what the simulated kernels answer; the conformance tests ask the real ones. */
  @Test
  void commandsByReleaseStandOnThePage() throws IOException {
    var table = new StringBuilder("| command | number | since |");
    var line = new StringBuilder("| --- | --- | --- |");
    var served = new ArrayList<Set<Request>>();
    for (KernelRelease release : KernelRelease.values()) {
      table.append(' ').append(release.text()).append(" |");
      line.append(" --- |");
      served.add(served(release));
    }
    table.append('\n').append(line).append('\n');
    commands()
        .sorted(Comparator.comparingInt(Request::number))
        .forEach(request -> {
          String since = request.since().orElseThrow().toString();
          table.append("| `%s` | 0x%x | %s |".formatted(request, request.number() & 0xff, since));
          served.forEach(known -> table.append(known.contains(request) ? " yes |" : " ENOTTY |"));
          table.append('\n');
        });
    Files.writeString(Path.of("target", "releases-commands.md"), table);
    assertTrue(
        Files.readString(PAGE).contains("\n\n" + table + "\n"),
        PAGE + " lacks the table: copy fallback-sim/target/releases-commands.md");
  }

  private static Stream<Request> commands() {
    return Stream.of(Request.values()).filter(request -> request.file() == FileKind.IOMMUFD);
  }

  /** The commands that find a block of no bytes too short, and so are there. */
  private static Set<Request> served(KernelRelease release) {
    Machine machine = Machine.named("single:vtd").toBuilder().release(release.text()).build();
    try (var kernel = SimKernel.on(machine);
        var arena = Arena.ofConfined()) {
      int fd = kernel.open("/dev/iommu", libc_h.O_RDWR());
      MemorySegment block = arena.allocate(64);
      Set<Request> known =
          commands()
              .filter(request -> {
                int answer = kernel.ioctl(fd, request.number(), block);
                assertTrue(
                    answer == Errno.EINVAL.negated() || answer == Errno.ENOTTY.negated(),
                    request::name);
                return answer == Errno.EINVAL.negated();
              })
              .collect(Collectors.toUnmodifiableSet());
      assertEquals(0, kernel.close(fd));
      return known;
    }
  }
}
