// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.sim.driver.IommuModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class MachineTest {

  static Stream<String> everyMachine() {
    var all = new ArrayList<String>();
    for (String name : Machine.names()) {
      all.add(name);
      Machine.iommus().forEach(iommu -> all.add(name + ":" + iommu));
    }
    return all.stream();
  }

  @ParameterizedTest
  @MethodSource("everyMachine")
  void everyNameIsAMachineThatBoots(String name) {
    var machine = Machine.named(name);
    assertTrue(machine.name().startsWith(name.split(":", 2)[0] + ":"));
    try (var kernel = SimKernel.on(machine)) {
      for (PciAddress address : machine.edus()) {
        assertEquals(0x11e8, kernel.control().hardware().function(address).deviceId());
      }
    }
  }

  @Test
  void aMachineOfOnesOwnHasWhatItWasGiven() throws IOException {
    var machine =
        Machine.builder("mine")
            .iommu("vtd")
            .isolatedInterrupts(true)
            .dirtyTracking(true)
            .pasids(16)
            .pasidFeatures(true, false)
            .function("00:00.0", "host-bridge")
            .function("00:01.0", "edu")
            .sibling("00:01.1", "nic")
            .bridge("00:02.0", "root-port", 1)
            .nvme("01:00.0", 2)
            .bridge("00:03.0", "root-port", 2)
            .igb("02:00.0")
            .function("00:04.0", "edu")
            .direct(0x7000_0000L, 0x7000_ffffL)
            .function("00:05.0", "edu")
            .behindSecondIommu(39)
            .bridge("00:06.0", "pci-bridge", 3)
            .siblingBridge("03:00.0", "pci-bridge", 4)
            .sibling("04:01.0", "edu")
            .vmd("00:07.0", 0x10000, 0xe0)
            .build();
    try (var kernel = SimKernel.on(machine)) {
      var functions = kernel.sysfs().resolve("bus/pci/devices");
      var found = new TreeSet<String>();
      try (var all = Files.list(functions)) {
        all.forEach(function -> found.add(function.getFileName().toString()));
      }
      var expected =
          List.of(
              "00:00.0", "00:01.0", "00:01.1", "00:02.0", "00:03.0", "00:04.0", "00:05.0",
              "00:06.0", "00:07.0", "01:00.0", "02:00.0", "03:00.0", "04:01.0");
      assertEquals(expected.stream().map("0000:"::concat).toList(), List.copyOf(found));
      assertEquals(group(functions, "00:01.0"), group(functions, "00:01.1"));
      assertEquals(group(functions, "00:06.0"), group(functions, "04:01.0"));
      assertNotEquals(group(functions, "00:01.0"), group(functions, "00:04.0"));
      var reserved = group(functions, "00:04.0").resolve("reserved_regions");
      assertTrue(Files.readString(reserved).contains("0x0000000070000000 0x000000007000ffff"));
      assertEquals("2", Files.readString(functions.resolve("0000:01:00.0/sriov_totalvfs")).strip());
    }
  }

  private static Path group(Path functions, String address) throws IOException {
    return functions.resolve("0000:" + address + "/iommu_group").toRealPath();
  }

  @Test
  void theNameTellsTheIommu() {
    assertEquals("bridge:amd", Machine.named("bridge:amd").name());
    assertEquals(
        IommuModel.AMD,
        Machine.named("bridge:blocking-window").description().model().orElseThrow());
    assertEquals(
        IommuModel.VTD,
        Machine.named("desk:blocks-on-failure").description().model().orElseThrow());
    assertEquals("desk:smmuv3", Machine.named("desk").name());
    assertEquals("many:vtd", Machine.named("many").toBuilder().build().name());
  }

  @Test
  void unknownNamesListTheKnownOnes() {
    var machine = assertThrows(IllegalArgumentException.class, () -> Machine.named("attic"));
    assertTrue(machine.toString().contains("desk, bridge, single, two-function, many"));
    var iommu = assertThrows(IllegalArgumentException.class, () -> Machine.named("desk:vax"));
    assertTrue(
        iommu
            .toString()
            .contains("vtd, vtd-scalable, amd, amd-remap, smmuv3, virtio, smmuv3-fwb, blocking-w"));
  }

  @Test
  void theDefaultHasItsFunctionAloneInItsGroup() {
    try (var kernel = SimKernel.create()) {
      assertEquals(List.of(PciAddress.parse("02:01.0")), kernel.machine().edus());
      assertEquals(
          1, kernel.control().hardware().group(PciAddress.parse("02:01.0")).devices().size());
    }
    try (var kernel = SimKernel.on(Machine.named("bridge"))) {
      assertEquals(
          3, kernel.control().hardware().group(PciAddress.parse("02:01.0")).devices().size());
    }
  }

  @Test
  void everyKindThatIsListedIsTaken() {
    List<String> kinds = Machine.functionKinds();
    assertTrue(kinds.containsAll(List.of("edu", "nvme", "igb", "root-port")), kinds.toString());
    var machine = Machine.builder("x");
    for (int i = 0; i < kinds.size(); i++) {
      machine.function("00:%02x.0".formatted(i), kinds.get(i));
    }
    try (var kernel = SimKernel.on(machine.build())) {
      assertEquals(kinds.size(), Host.of(kernel).devices().size());
    }
  }

  @Test
  void nonsenseIsRefused() {
    var twice = Machine.builder("x").function("00:01.0", "edu").function("0000:00:01.0", "nic");
    assertThrows(IllegalArgumentException.class, twice::build);
    var unreachable = Machine.builder("x").function("05:01.0", "edu");
    assertThrows(IllegalArgumentException.class, unreachable::build);
    var empty = Machine.builder("x");
    assertThrows(IllegalArgumentException.class, () -> empty.sibling("00:01.0", "edu"));
    assertThrows(IllegalArgumentException.class, () -> empty.bridge("00:01.0", "edu", 1));
    assertThrows(IllegalArgumentException.class, () -> empty.bridge("00:01.0", "root-port", 256));
    assertThrows(IllegalArgumentException.class, () -> empty.behindSecondIommu(39));
    assertThrows(IllegalArgumentException.class, () -> empty.function("00:01.0", "abacus"));
    assertThrows(IllegalArgumentException.class, () -> empty.function("nowhere", "edu"));
    assertThrows(IllegalArgumentException.class, () -> empty.function("0001:00:01.0", "edu"));
  }
}
