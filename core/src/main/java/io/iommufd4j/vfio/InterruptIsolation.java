// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.vfio;

import io.iommufd4j.pci.Host;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Interrupt remapping, which keeps a device's DMA from forging interrupts. Linux shows it by the
 * names of interrupt chips alone: with remapping those of x86 begin with {@code IR-}, and those
 * behind an ITS of arm64 contain {@code ITS}.
 */
final class InterruptIsolation {

  private InterruptIsolation() {}

  /** True if some interrupt is routed through a chip that isolates. */
  static boolean shown(Host host) {
    return list(host.sysfs().resolve("kernel/irq")).stream()
        .map(InterruptIsolation::chip)
        .anyMatch(chip -> chip.startsWith("IR-") || chip.contains("ITS"));
  }

  private static String chip(Path interrupt) {
    try {
      return Files.readString(interrupt.resolve("chip_name"));
    } catch (IOException notShown) {
      return "";
    }
  }

  private static List<Path> list(Path directory) {
    try (var entries = Files.list(directory)) {
      return entries.toList();
    } catch (IOException | UncheckedIOException notShown) {
      return List.of();
    }
  }
}
