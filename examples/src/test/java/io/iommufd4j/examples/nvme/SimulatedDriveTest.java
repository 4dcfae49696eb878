// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.examples.nvme;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.Iommufd;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.pci.VfioBinding;
import io.iommufd4j.sim.Machine;
import io.iommufd4j.sim.SimKernel;
import io.iommufd4j.vfio.PciRegion;
import io.iommufd4j.vfio.VfioDevice;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The example on the simulated kernel's nvme. */
final class SimulatedDriveTest {

  private static final PciAddress DRIVE = PciAddress.parse("0000:00:08.0");
  private static final int COMMAND_ID = 12;
  private static final int STATUS = 14;

  /** A function that says it is a drive, with nothing behind its registers. */
  private static final String EMPTY =
      """
      machine: empty
      iommus: [{preset: vtd}]
      functions:
        - {at: 0000:00:00.0, kind: host-bridge}
        - at: 0000:00:08.0
          ids: 1b36:0010
          class: 0x010802
          express: true
          msix: {vectors: 5, bar: 0, table: 0x2000, pending: 0x3000}
          bars: [{bar: 0, size: 16K, base: 0xfc000000, type: memory64}]
      """;

  private final SimKernel kernel = SimKernel.on(Machine.named("nvme:vtd"));

  @AfterEach
  void close() {
    kernel.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"vtd", "amd", "virtio", "smmuv3"})
  void nothingIsLostWhileTheTranslationIsReplaced(String iommu) {
    var text = new ByteArrayOutputStream();
    var out = new PrintStream(text, true, StandardCharsets.UTF_8);
    boolean good;
    try (var other =
        SimKernel.on(
            Machine.named("nvme").toBuilder().isolatedInterrupts(true).iommu(iommu).build())) {
      good = Nvme.run(other, DRIVE, new ReplaceUnderIo(other, Set.of(), out), 60, 20);
    }
    assertTrue(good, text::toString);
    List<String> lines = text.toString(StandardCharsets.UTF_8).lines().toList();
    assertEquals("QEMU NVMe Ctrl, serial lab: 65536 blocks of 512 bytes", lines.getFirst());
    assertEquals("lost 0, foreign 0", lines.get(4));
  }

  @Test
  void aDeviceWithoutAControllerIsRefusedInOneLineAndGivenBack() {
    try (var empty = SimKernel.on(Machine.read("empty.yaml", EMPTY))) {
      var experiment = new ReplaceUnderIo(empty, Set.of(), System.out);
      var before = Host.of(empty).device(DRIVE).driver();
      var refused =
          assertThrows(NvmeException.class, () -> Nvme.run(empty, DRIVE, experiment, 1, 1));
      assertTrue(refused.toString().endsWith("): this device does no I/O"), refused::toString);
      assertEquals(before, Host.of(empty).device(DRIVE).driver());
    }
  }

  /** The other end of the queue writes a completion, as a controller does. */
  private static void complete(MemorySegment ring, int index, int commandId, int statusAndPhase) {
    ring.set(ValueLayout.JAVA_SHORT, 16L * index + COMMAND_ID, (short) commandId);
    ring.set(ValueLayout.JAVA_SHORT, 16L * index + STATUS, (short) statusAndPhase);
  }

  @Test
  void completionsAreTakenOnceAndRoundTheRing() {
    try (var _ = VfioBinding.bind(kernel, List.of(DRIVE));
        var iommufd = Iommufd.open(kernel);
        var device = VfioDevice.open(kernel, DRIVE)) {
      device.bind(iommufd);
      try (var registers = device.mapRegion(PciRegion.BAR0)) {
        MemorySegment completions = Arena.ofAuto().allocate(DmaMemory.PAGE, 8);
        var submissions = new DmaMemory(Arena.ofAuto().allocate(DmaMemory.PAGE, 8), 0);
        var queue = new QueuePair(registers, 1, 4, submissions, new DmaMemory(completions, 0));
        for (int i = 0; i < 3 * QueuePair.ENTRIES; i++) {
          int phase = i / QueuePair.ENTRIES % 2 == 0 ? 1 : 0;
          assertFalse(queue.ready(), "before completion " + i);
          complete(completions, i % QueuePair.ENTRIES, i, 0x004 << 1 | phase);
          assertTrue(queue.ready(), "completion " + i);
          assertEquals(1, queue.readyCount(2));
          assertEquals(i, queue.commandId());
          assertEquals(0x004, queue.status());
          queue.next();
        }
      }
    }
  }
}
