// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.lib;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.kernel.Request;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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
}
