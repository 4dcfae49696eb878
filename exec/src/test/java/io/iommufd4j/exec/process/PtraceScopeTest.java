// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.process;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;
import org.junit.jupiter.api.Test;

class PtraceScopeTest {

  private static final String SAID =
      "/proc/sys/kernel/yama/ptrace_scope is %d, and children may be traced with 0 or 1: %s";

  @Test
  void childrenMayBeTracedUpToOneAndWithTheCapabilityUpToTwo() {
    assertEquals(Optional.empty(), new PtraceScope(0, false).obstacle());
    assertEquals(Optional.empty(), new PtraceScope(1, false).obstacle());
    assertEquals(Optional.empty(), new PtraceScope(2, true).obstacle());
  }

  @Test
  void whatHelpsIsSaid() {
    assertEquals(
        Optional.of(SAID.formatted(2, "run as root, or let root write 1 there")),
        new PtraceScope(2, false).obstacle());
    assertEquals(
        Optional.of(SAID.formatted(3, "a 3 stays until the host is started again")),
        new PtraceScope(3, true).obstacle());
  }
}
