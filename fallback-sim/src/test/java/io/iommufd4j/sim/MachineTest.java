// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.sim.driver.IommuPreset;
import java.util.ArrayList;
import java.util.List;
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
  void theNameTellsTheIommu() {
    assertEquals("bridge:amd", Machine.named("bridge:amd").name());
    assertEquals(
        IommuPreset.AMD,
        Machine.named("bridge:blocking-window").description().iommu().orElseThrow());
    assertEquals(
        IommuPreset.VTD,
        Machine.named("desk:blocks-on-failure").description().iommu().orElseThrow());
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
