// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.pci.PciDevice;
import io.iommufd4j.pci.VfioBinding;
import io.iommufd4j.sim.machine.Slot;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Machines in files: what they say is what the kernel has, and what is wrong is told. */
final class MachineFileTest {

  static final String SERVER =
      """
      machine: server
      about: 'What a file can say: two IOMMUs, every form of a function.'
      release: 6.12
      interrupts: shared
      allow-unsafe-interrupts: true
      memlock: 16M
      hugepages: 4
      root-buses: [0000:00, 0001:80]
      iommus:
        - {preset: vtd-scalable, dirty-tracking: true}
        - {name: dmar1, model: vtd, cap: 0xd2008c222f0686, ecap: 0xf00f4a, version: 0x20}
      functions:
        - {at: 0000:00:00.0, kind: host-bridge, group: 4}
        - {at: 00:08.0, kind: edu, pasids: 16, pasid-features: [execute], irq: 11}
        - {at: 0000:00:08.1, kind: edu, override: vfio-pci, driver: vfio-pci}
        - {at: 0000:00:0b.0, kind: root-port, bus: 1}
        - {at: 0000:00:0c.0, kind: pci-bridge, bus: 0x02}
        - {at: 0000:02:01.0, kind: edu, bars: [{bar: 0, base: 0xfd000000}]}
        - at: 0000:01:00.0
          ids: 15b3:101e
          class: 0x020000
          revision: 1
          subsystem: 15b3:0058
          express: true
          msi: true
          msix: {vectors: 4, bar: 2, table: 0x0, pending: 0x1000}
          driver: mlx5_core
          irq: 12
          bars:
            - {bar: 0, size: 32M, base: 0x383ffe000000, type: prefetchable64}
            - {bar: 2, size: 16K, base: 0xfe000000}
            - {bar: 3, size: 32, base: 0xc000, type: ports}
          virtual-functions:
            total: 4
            offset: 2
            stride: 1
            device: 0x101f
            bars: [{bar: 0, size: 1M, base: 0x383fff000000, type: memory64}]
        - at: 0001:80:00.0
          iommu: dmar1
          driver: none
          reserved: [{first: 0x70000000, last: 0x7000ffff, type: direct-relaxable}]
          config: |
            00: 86 80 22 29 07 05 10 00 02 01 06 01 00 00 00 00
            10: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
            20: 41 c0 00 00 00 10 bd fe 00 00 00 00 f4 1a 00 11
            30: 00 00 00 00 80 00 00 00 00 00 00 00 0a 01 00 00
            80: 05 a8 80 00
            a8: 12 00 10 00 48 00 00 00
      """;

  static Stream<String> presets() {
    return Machine.names().stream()
        .flatMap(name ->
            Stream.concat(
                Stream.of(name), Machine.iommus().stream().map(iommu -> name + ":" + iommu)));
  }

  @ParameterizedTest
  @MethodSource("presets")
  void presetsReadAsTheyAreWritten(String name) {
    Machine preset = Machine.named(name);
    Machine read = Machine.read("preset.yaml", preset.yaml());
    if (preset.description().model().isPresent()) {
      assertEquals(preset.description(), read.description());
    }
    assertEquals(preset.yaml(), read.yaml());
    assertFalse(preset.about().isEmpty());
  }

  /** Presets are made without a parser; each lies here as a file, too. */
  @Test
  void everyPresetIsAFileAsWell() throws IOException {
    for (String name : Machine.names()) {
      try (var file = Machine.class.getResourceAsStream("machine/" + name + ".yaml")) {
        String text =
            new String(Objects.requireNonNull(file, name).readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(
            Machine.named(name).description(), Machine.read(name + ".yaml", text).description());
      }
    }
  }

  /** Without its groups a preset's file says the same machine: Linux' rule finds them. */
  @ParameterizedTest
  @CsvSource({"single", "two-function", "sriov", "bridge", "two-iommus"})
  void groupsFollowFromThePlaces(String name) {
    Machine preset = Machine.named(name);
    String without = preset.yaml().replaceAll("group: \\d+(, )?", "");
    // The chipset's functions share a slot, as in the presets.
    assertEquals(
        preset.description().slots().stream().map(Slot::group).toList(),
        Machine.read("groups.yaml", without).description().slots().stream()
            .map(Slot::group)
            .toList());
  }

  @Test
  void everyFormOfAFunctionIsShown() {
    Machine machine = Machine.read("server.yaml", SERVER);
    assertEquals(machine.description(), Machine.read("again.yaml", machine.yaml()).description());
    try (var kernel = SimKernel.on(machine)) {
      var host = Host.of(kernel);
      List<PciDevice> devices = host.devices();
      assertEquals(machine.description().slots().size(), devices.size());
      PciDevice card = device(host, "01:00.0");
      assertEquals("15b3:101e", card.ids());
      assertEquals("mlx5_core", card.driver().orElseThrow());
      PciDevice held = device(host, "00:08.1");
      assertTrue(held.heldByVfio());
      assertEquals("vfio-pci", held.driverOverride().orElseThrow());
      assertEquals(device(host, "00:08.0").group(), held.group());
      assertEquals(device(host, "00:0c.0").group(), device(host, "02:01.0").group());
      assertEquals("dmar1", device(host, "0001:80:00.0").iommu().orElseThrow().name());
      assertTrue(device(host, "0001:80:00.0").driver().isEmpty());
      assertEquals(16L << 20, kernel.process().memlockLimit());
      assertEquals("6.12.117", kernel.identity().release());
    }
  }

  private static PciDevice device(Host host, String address) {
    PciAddress at = PciAddress.parse(address);
    return host.devices().stream().filter(d -> d.address().equals(at)).findFirst().orElseThrow();
  }

  @Test
  void sysfsShowsWhatTheFileSays() throws IOException {
    try (var kernel = SimKernel.on(Machine.read("server.yaml", SERVER))) {
      Path functions = kernel.sysfs().resolve("bus/pci/devices");
      Path card = functions.resolve("0000:01:00.0");
      List<String> resource = Files.readAllLines(card.resolve("resource"));
      assertEquals("0x0000383ffe000000 0x0000383fffffffff 0x000000000014220c", resource.get(0));
      assertEquals("0x000000000000c000 0x000000000000c01f 0x0000000000040101", resource.get(3));
      assertEquals("0x0000383fff000000 0x0000383fff3fffff 0x0000000000140204", resource.get(7));
      assertEquals("4", Files.readString(card.resolve("sriov_totalvfs")).strip());
      Path disk = functions.resolve("0001:80:00.0");
      assertTrue(disk.toRealPath().toString().contains("/devices/pci0001:80/"));
      byte[] config = Files.readAllBytes(disk.resolve("config"));
      assertEquals(0x12, config[0xa8]);
      assertTrue(
          Files.readString(disk.resolve("iommu_group/reserved_regions"))
              .contains("0x0000000070000000 0x000000007000ffff direct-relaxable"));
      assertEquals("2:0", Files.readString(disk.resolve("iommu/intel-iommu/version")).strip());
      Path nr = kernel.sysfs().getFileSystem().getPath("/proc/sys/vm/nr_hugepages");
      assertFalse(Files.exists(nr) && Files.readString(nr).isBlank());
    }
  }

  /** As lspci reads them: the header, and later, the file opened again, the rest. */
  @Test
  void registersAreReadFromTheMiddleOfTheFile() {
    try (var kernel = SimKernel.on(Machine.read("server.yaml", SERVER));
        var arena = Arena.ofConfined()) {
      int fd = kernel.open("/sys/bus/pci/devices/0001:80:00.0/config", 0);
      MemorySegment bytes = arena.allocate(192);
      assertEquals(192, kernel.pread(fd, bytes, 64));
      assertEquals(0x12, bytes.get(ValueLayout.JAVA_BYTE, 0xa8 - 64));
      assertEquals(0, kernel.close(fd));
    }
  }

  /** An IOMMU that is a function is not behind itself; others go on without it. */
  @ParameterizedTest
  @ValueSource(strings = {"amd", "vtd", "virtio", "smmuv3"})
  void functionsWithoutAnIommuHaveNoGroup(String iommu) throws IOException {
    String text =
        """
        machine: partly
        iommus: [{preset: %s}]
        functions:
          - {at: 00:02.0, kind: nic, iommu: none}
          - {at: 00:08.0, kind: edu}
          - {at: 00:09.0, kind: edu, iommu: none, driver: vfio-pci}
          - {at: 00:0b.0, kind: root-port, bus: 1, iommu: none}
          - {at: 01:00.0, kind: nvme}
          - {at: 00:0c.0, kind: root-port, bus: 2}
          - {at: 02:00.0, kind: igb, iommu: none}
        """
            .formatted(iommu);
    Machine machine = Machine.read("partly.yaml", text);
    assertEquals(machine.description(), Machine.read("again.yaml", machine.yaml()).description());
    try (var kernel = SimKernel.on(machine)) {
      var host = Host.of(kernel);
      assertEquals(
          List.of("0000:00:08.0", "0000:00:0c.0", "0000:01:00.0"),
          host.groups().stream()
              .flatMap(group -> group.members().stream())
              .map(PciAddress::toString)
              .sorted()
              .toList());
      for (String address : List.of("00:02.0", "00:09.0", "00:0b.0")) {
        assertTrue(device(host, address).group().isEmpty(), address);
        assertTrue(device(host, address).iommu().isEmpty(), address);
      }
      // VFIO takes no function without an IOMMU.
      assertTrue(device(host, "00:09.0").driver().isEmpty());
      Path functions = kernel.sysfs().resolve("bus/pci/devices");
      var shell = new Shell(kernel);
      assertEquals("ok", shell.write(functions + "/0000:02:00.0/sriov_numvfs", "1"));
      assertTrue(Files.exists(functions.resolve("0000:02:10.0")));
      assertFalse(Files.exists(functions.resolve("0000:02:10.0/iommu_group")));
      assertEquals("ok", shell.write(functions + "/0000:02:00.0/sriov_numvfs", "0"));
      assertFalse(Files.exists(functions.resolve("0000:02:10.0")));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "functions: [{at: 0000:00:08.0, kind: edu}]|bad.yaml:1: machine: is missing",
        "machine: a\\nfunctions: [{at: 8, kind: edu}]|bad.yaml:2: functions[0].at: '8' is no PCI",
        "machine: a\\nfunction: []|bad.yaml:2: function: is no key here; there are machine,",
        "machine: a\\nmachine: b\\nfunctions: []|bad.yaml:2: machine: is there twice",
        "machine: a\\nrelease: 2.6\\nfunctions: []|bad.yaml:2: release: no release '2.6'",
        "machine: a\\nfunctions:\\n - {at: 0000:00:1.0|bad.yaml:3: at: is not YAML: ",
        "machine: a\\nfunctions: []\\niommus: [{model: vtd, name: d, cap: 1}]|bad.yaml:3: iommus[0].ecap: is missing",
        "machine: a\\niommus: [{preset: via}]\\nfunctions: []|bad.yaml:2: iommus[0].preset: there is no 'via'",
        "machine: a\\nfunctions: [{at: 01:00.0, kind: edu}]|bad.yaml:2: functions[0].at: no bridge leads",
        "machine: a\\nfunctions: [{at: 00:01.0, kind: nic, pasids: 2}]|functions[0].pasids: has no place beside",
        "machine: a\\nfunctions: [{at: 00:01.0, kind: nic, group: 2}]|group: has no place in a machine without",
        "machine: a\\niommus: [{preset: amd}]\\nfunctions: [{at: 00:01.0, kind: nic, iommu: none, group: 2}]|bad.yaml:3: functions[0].group: has no place beside iommu: none",
        "machine: a\\niommus: [{preset: amd}]\\nfunctions:\\n - {at: 00:01.0, kind: nic, iommu: non}|bad.yaml:4: functions[0].iommu: there is no IOMMU 'non'; it wants none, or one of iommus: ivhd0",
        "machine: a\\niommus: [{preset: amd, name: none}]\\nfunctions: []|bad.yaml:2: iommus[0]: none says that there is no IOMMU",
        "machine: a\\nfunctions: [{at: 00:01.0, config: '00: 86'}]|functions[0].config: ends before the header",
        "machine: a\\nfunctions: &a [*a]|functions",
        "machine: [a]\\nfunctions: []|bad.yaml:1: machine: is a list; it wants a single value",
        "machine: a\\niommus: [{preset: amd}]\\nfunctions: [{at: 00:01.0, ids: 8086:1000, class: 0x020000, express: true, virtual-functions: {total: 2, offset: 1, stride: 1, device: 1, enabled: 2, groups: [1, 1]}}]|functions[0].virtual-functions.groups: wants a number for each of the 2 enabled, none twice",
        "machine: a\\niommus: [{preset: amd}]\\nfunctions: [{at: 00:01.0, ids: 8086:1000, class: 0x020000, group: 1, express: true, virtual-functions: {total: 2, offset: 1, stride: 1, device: 1, enabled: 1, groups: [1]}}]|functions[0].virtual-functions: group 1 is another's",
        "machine: a\\nfunctions: [{at: 00:01.0, ids: 8086:1000, class: 0x020000, express: true, virtual-functions: {total: 2, offset: 1, stride: 1, device: 1, enabled: 1, groups: [1]}}]|functions[0].virtual-functions: groups have no place",
        "[]|bad.yaml:1: machine: is a list; it wants a mapping of machine,",
        "''|bad.yaml:1: machine: ",
      })
  void mistakesHaveALineAndAKey(String text, String message) {
    var wrong =
        assertThrows(
            IllegalArgumentException.class,
            () -> Machine.read("bad.yaml", text.replace("\\n", "\n")));
    assertTrue(String.valueOf(wrong.getMessage()).contains(message), wrong.getMessage());
  }

  /** On arm64 Linux finds out where an interrupt leads when a driver is about to be bound. */
  @ParameterizedTest
  @CsvSource({"smmuv3,0,24", "vtd,10,10"})
  void anInterruptHasItsLineWithADriver(String iommu, int unbound, int bound) {
    Machine machine = Machine.named("single:" + iommu);
    try (var kernel = SimKernel.on(machine)) {
      var host = Host.of(kernel);
      PciDevice edu =
          host.devices().stream()
              .filter(d -> d.ids().equals("1234:11e8"))
              .findFirst()
              .orElseThrow();
      var shell = new Shell(kernel);
      String irq = host.sysfs() + "/bus/pci/devices/" + edu.address() + "/irq";
      assertEquals(unbound + "\n", shell.read(irq));
      VfioBinding.bind(kernel, List.of(edu.address()));
      assertEquals(bound + "\n", shell.read(irq));
    }
  }

  /** Those that a host had when it was captured. */
  @ParameterizedTest
  @CsvSource({"vfio-pci,vfio-pci", "mlx5_core,mlx5_core", "none,none", "'',none"})
  void virtualFunctionsAreThereAtBoot(String driver, String shown) {
    String said = driver.isEmpty() ? "" : ", driver: " + driver;
    String text =
        SERVER.replace("total: 4", "total: 4\n      enabled: 2" + said.replace(", ", "\n      "));
    Machine machine = Machine.read("server.yaml", text.replace("release: 6.12\n", ""));
    assertEquals(machine.description(), Machine.read("again.yaml", machine.yaml()).description());
    try (var kernel = SimKernel.on(machine)) {
      var host = Host.of(kernel);
      for (String address : List.of("01:00.2", "01:00.3")) {
        PciDevice virtual = device(host, address);
        assertEquals(shown, virtual.driver().orElse("none"));
        assertEquals("15b3:101f", virtual.ids());
        assertEquals("0000:01:00.0", virtual.physicalFunction().orElseThrow().toString());
        assertEquals(driver.equals("vfio-pci"), virtual.cdev().isPresent());
        assertTrue(virtual.group().isPresent());
      }
      assertTrue(
          host.devices().stream().noneMatch(d -> d.address().toString().endsWith("01:00.4")));
      var shell = new Shell(kernel);
      String numvfs = host.sysfs() + "/bus/pci/devices/0000:01:00.0/sriov_numvfs";
      assertEquals("2\n", shell.read(numvfs));
    }
  }

  /** Their numbers at boot need not be the next free ones; functions made later get those. */
  @Test
  void virtualFunctionsHaveTheGroupsThatAreSaid() throws IOException {
    String three = "total: 4\n      enabled: 3\n      driver: none\n      groups: [31, 8, 30]";
    Machine machine =
        Machine.read("server.yaml", SERVER.replace("total: 4", three).replace("mlx5_core", "igb"));
    assertEquals(machine.description(), Machine.read("again.yaml", machine.yaml()).description());
    try (var kernel = SimKernel.on(machine)) {
      var host = Host.of(kernel);
      assertEquals(
          List.of(31, 8, 30),
          Stream.of("01:00.2", "01:00.3", "01:00.4")
              .map(address -> device(host, address).group().orElse(-1))
              .toList());
      var shell = new Shell(kernel);
      String numvfs = host.sysfs() + "/bus/pci/devices/0000:01:00.0/sriov_numvfs";
      assertEquals("ok", shell.write(numvfs, "0"));
      assertEquals("ok", shell.write(numvfs, "1"));
      assertEquals(6, device(host, "01:00.2").group().orElseThrow());
    }
  }

  @Test
  void aNameWithASlashIsAFile(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("server.yaml");
    Files.writeString(file, SERVER);
    assertEquals("server", Machine.named(file.toString()).name());
    Path none = folder.resolve("none.yaml");
    var missing =
        assertThrows(IllegalArgumentException.class, () -> Machine.named(none.toString()));
    assertEquals(none + ": there is no such machine file", missing.getMessage());
    Files.write(file, new byte[] {(byte) 0xff, (byte) 0xfe, 0});
    var binary = assertThrows(IllegalArgumentException.class, () -> Machine.named(file.toString()));
    assertTrue(String.valueOf(binary.getMessage()).startsWith(file + ":1: machine: "));
    var folderItself =
        assertThrows(IllegalArgumentException.class, () -> Machine.named(folder + "/"));
    assertTrue(String.valueOf(folderItself.getMessage()).contains("cannot be read"));
  }
}
