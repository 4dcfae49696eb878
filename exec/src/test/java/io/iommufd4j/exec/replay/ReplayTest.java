// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.iommufd4j.exec.record.Recording;
import io.iommufd4j.exec.record.RecordingReader;
import io.iommufd4j.sim.Machine;
import io.iommufd4j.sim.SimKernel;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ReplayTest {

  @BeforeEach
  void addressesOfBuffersAreReachedOnLinuxAlone() {
    assumeTrue(System.getProperty("os.name").equals("Linux"), "this is no Linux");
  }

  private static Recording recording(List<String> lines) {
    try {
      return RecordingReader.read(new BufferedReader(new StringReader(String.join("\n", lines))));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static Optional<ReplayDifference> play(Recording recording) {
    return play(recording, Machine.named(RecordedInTheLab.MACHINE));
  }

  private static Optional<ReplayDifference> play(Recording recording, Machine machine) {
    try (SimKernel kernel = SimKernel.on(machine)) {
      Optional<ReplayDifference> difference = new Replay(kernel).play(recording);
      assertEquals(0, kernel.control().openFiles(), "nothing is left open");
      return difference;
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "vfio_iommufd_setup_test",
        "vfio_pci_device_test",
        "vfio_dma_mapping_test",
        "vfio_dma_mapping_mmio_test",
        "device-replace",
        "qemu-start",
        "qemu-start-guest-vtd"
      })
  void theSimulatedKernelAnswersAsTheRealOne(String name) {
    Recording recording = recording(RecordedInTheLab.lines(name));
    assertTrue(recording.events().size() > 25, "it has events");
    assertEquals(Optional.empty(), play(recording));
  }

  /** QEMU's AMD-Vi and virtio-iommu isolate no interrupts; the lab lets iommufd take devices so. */
  @ParameterizedTest
  @ValueSource(strings = {"amd", "virtio", "smmuv3"})
  void theSimulatedKernelAnswersAsTheRealOneOnOtherIommus(String iommu) {
    boolean isolated = iommu.equals("smmuv3");
    Machine machine =
        Machine.named("single:" + iommu).toBuilder().isolatedInterrupts(isolated).build();
    for (String name :
        List.of("device-replace", "vfio_iommufd_setup_test", "vfio_dma_mapping_test")) {
      Recording recording = recording(RecordedInTheLab.lines(name + "-" + iommu));
      assertEquals(!isolated, recording.header().unsafeInterrupts(), name);
      assertEquals(Optional.empty(), play(recording, machine), name);
    }
  }

  @Test
  void aLimitOnPinnedMemoryIsPlayed() {
    var lines = new ArrayList<String>(RecordedInTheLab.lines("vfio_dma_mapping_test"));
    assertTrue(lines.getFirst().contains("\"locked_bytes\":null"), lines.getFirst());
    lines.set(0, lines.getFirst().replace("\"locked_bytes\":null", "\"locked_bytes\":\"0x800\""));
    String difference = play(recording(lines)).map(ReplayDifference::toString).orElse("none");
    assertTrue(difference.endsWith("errno: recorded success, replayed ENOMEM"), difference);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "VFIO_DEVICE_GET_INFO | 1800000002000000 | 1800000003000000 | flags: recorded 0x3, replayed 0x2",
        "VFIO_DEVICE_BIND_IOMMUFD | \"result\":0,\"errno\":null | \"result\":-22,\"errno\":\"EINVAL\" | errno: recorded EINVAL, replayed success",
        "\"event\":\"pread\" | \"data\":\"3412\" | \"data\":\"3512\" | data[0]: recorded 0x35, replayed 0x34",
      })
  void theFirstDifferenceIsTold(String where, String is, String other, String told) {
    var lines = new ArrayList<String>(RecordedInTheLab.lines("vfio_pci_device_test"));
    for (int i = 0; i < lines.size(); i++) {
      if (lines.get(i).contains(where) && lines.get(i).contains(is)) {
        lines.set(i, lines.get(i).replace(is, other));
        String difference = play(recording(lines)).map(ReplayDifference::toString).orElse("none");
        assertTrue(difference.startsWith("line " + (i + 1) + ": "), difference);
        assertTrue(difference.endsWith(told), difference);
        return;
      }
    }
    throw new AssertionError("no line has " + where + " and " + is);
  }

  @Test
  void aKernelWithoutTheDeviceDiffers() {
    Recording recording = recording(RecordedInTheLab.lines("vfio_pci_device_test"));
    try (SimKernel kernel = SimKernel.on(Machine.named("bridge:vtd"))) {
      String difference = new Replay(kernel).play(recording).orElseThrow().toString();
      assertEquals(
          "line 2: open /dev/vfio/devices/vfio0: errno: recorded success, replayed ENOENT",
          difference.replaceAll("line \\d+", "line 2"));
    }
  }
}
