// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class ExamplesTest {

  private static final PciAddress DEVICE = PciAddress.parse("0000:00:08.0");

  private final SimKernel kernel = SimKernel.on(Machine.named("single:vtd"));

  @AfterEach
  void close() {
    kernel.close();
  }

  private static List<String> output(Consumer<PrintStream> program) {
    var bytes = new ByteArrayOutputStream();
    program.accept(new PrintStream(bytes, true, StandardCharsets.UTF_8));
    return bytes.toString(StandardCharsets.UTF_8).lines().toList();
  }

  private Optional<String> driver() {
    return Host.of(kernel).device(DEVICE).driver();
  }

  @Test
  void replaceTranslation() {
    try (var _ = VfioBinding.bind(kernel, List.of(DEVICE))) {
      List<String> lines = output(out -> ReplaceTranslation.replace(kernel, DEVICE, out));
      assertEquals(1, lines.size(), lines::toString);
      assertTrue(lines.getFirst().matches("back on HWPT \\d+"), lines::toString);
    }
  }

  @Test
  void nestGuest() {
    try (var nesting = SimKernel.on(Machine.named("single:smmuv3-fwb"));
        var _ = VfioBinding.bind(nesting, List.of(DEVICE))) {
      assertEquals(List.of("2 commands done"), output(out -> NestGuest.nest(nesting, DEVICE, out)));
      assertEquals(0, nesting.control().census().contexts());
    }
  }

  @Test
  void borrowDevice() {
    Optional<String> before = driver();
    BorrowDevice.borrow(
        kernel, DEVICE, _ -> assertEquals(Optional.of("vfio-pci"), driver(), "while borrowed"));
    assertEquals(before, driver(), "afterwards");
  }

  @Test
  void borrowDeviceGivesItBackAfterAFailure() {
    Optional<String> before = driver();
    var failed = new IllegalStateException("the work failed");
    Consumer<Object> work =
        _ -> {
          throw failed;
        };
    assertEquals(
        failed,
        assertThrows(
            IllegalStateException.class, () -> BorrowDevice.borrow(kernel, DEVICE, work::accept)));
    assertEquals(before, driver());
  }

  @Test
  void handleRefusal() {
    List<String> lines = output(out -> HandleRefusal.mapTwice(kernel, out));
    assertEquals(2, lines.size(), lines::toString);
    assertTrue(lines.getFirst().startsWith("IOMMU_IOAS_MAP: IOAS "), lines::toString);
    assertTrue(lines.getFirst().contains("0x1000000-0x1000fff already"), lines::toString);
    assertTrue(lines.getLast().matches("IOVA 0x\\p{XDigit}+"), lines::toString);
  }

  @Test
  void traceRequests() {
    List<String> names =
        output(out -> TraceRequests.trace(SimKernel.on(Machine.named("single:vtd")), out)).stream()
            .map(line -> line.substring(0, line.indexOf('(')))
            .toList();
    assertEquals(
        List.of(
            "open",
            "IOMMU_IOAS_ALLOC",
            "mmap",
            "IOMMU_IOAS_MAP",
            "IOMMU_IOAS_UNMAP",
            "munmap",
            "IOMMU_DESTROY",
            "close"),
        names);
  }
}
