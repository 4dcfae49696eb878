// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.sysfs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.error.HostException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.pci.VfioBinding;
import io.iommufd4j.sim.Machine;
import io.iommufd4j.sim.SimKernel;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SysfsViewTest {

  private static final String EDU = "0000:00:08.0";
  private static final String PCI = "/sys/bus/pci/";
  private static final PciAddress NIC = PciAddress.parse("00:0b.1");

  private final SimKernel kernel = SimKernel.on(Machine.named("many"));
  private final Host host = Host.of(kernel);

  @AfterEach
  void close() {
    kernel.close();
  }

  private String read(String path) throws IOException {
    return Files.readString(kernel.sysfs().getFileSystem().getPath(path));
  }

  private String link(String path) throws IOException {
    return Files.readSymbolicLink(kernel.sysfs().getFileSystem().getPath(path)).toString();
  }

  private String write(String path, String text) {
    int fd = kernel.open(path, libc_h.O_WRONLY());
    if (fd < 0) {
      return Errno.name(fd);
    }
    try (var arena = Arena.ofConfined()) {
      var bytes = arena.allocateFrom(text);
      long written = kernel.write(fd, bytes.asSlice(0, bytes.byteSize() - 1));
      return written < 0 ? Errno.name((int) written) : "ok";
    } finally {
      kernel.close(fd);
    }
  }

  @Test
  void aFunctionReadsAsInTheLab() throws IOException {
    String at = PCI + "devices/" + EDU + "/";
    assertEquals("0x1234\n", read(at + "vendor"));
    assertEquals("0x11e8\n", read(at + "device"));
    assertEquals("0x00ff00\n", read(at + "class"));
    assertEquals("0x10\n", read(at + "revision"));
    assertEquals("0x1af4\n", read(at + "subsystem_vendor"));
    assertEquals("0x1100\n", read(at + "subsystem_device"));
    assertEquals("10\n", read(at + "irq"));
    assertEquals("(null)\n", read(at + "driver_override"));
    assertEquals("pci:v00001234d000011E8sv00001AF4sd00001100bc00scFFi00\n", read(at + "modalias"));
    assertEquals(
        "PCI_CLASS=FF00\nPCI_ID=1234:11E8\nPCI_SUBSYS_ID=1AF4:1100\nPCI_SLOT_NAME="
            + EDU
            + "\nMODALIAS=pci:v00001234d000011E8sv00001AF4sd00001100bc00scFFi00\n",
        read(at + "uevent"));
    assertTrue(
        read(at + "resource")
            .startsWith("0x00000000fe700000 0x00000000fe7fffff 0x0000000000040200\n0x0"));
    assertEquals(13, read(at + "resource").lines().count());
    assertEquals("../../../devices/pci0000:00/" + EDU, link(PCI + "devices/" + EDU));
    assertEquals("../../virtual/iommu/dmar0", link(at + "iommu"));
    assertEquals("../../../kernel/iommu_groups/1", link(at + "iommu_group"));
    assertEquals(256, Files.size(kernel.sysfs().resolve("bus/pci/devices/" + EDU + "/config")));
  }

  @Test
  void aGroupReadsAsInTheLab() throws IOException {
    String at = "/sys/kernel/iommu_groups/1/";
    assertEquals("DMA\n", read(at + "type"));
    assertEquals("0x00000000fee00000 0x00000000feefffff msi\n", read(at + "reserved_regions"));
    assertEquals("../../../../devices/pci0000:00/0000:00:08.1", link(at + "devices/0000:00:08.1"));
    var group = host.groupOf(host.device(PciAddress.parse(EDU))).orElseThrow();
    assertEquals(List.of(PciAddress.parse(EDU), PciAddress.parse("00:08.1")), group.members());
  }

  @Test
  void aFunctionBehindBridgesIsBelowThem() throws IOException {
    try (var desk = SimKernel.create()) {
      var real = desk.sysfs().resolve("bus/pci/devices/0000:02:01.0").toRealPath();
      assertEquals(
          "/sys/devices/pci0000:00/0000:00:02.0/0000:01:00.0/0000:02:01.0", real.toString());
      assertEquals("DMA\n", Files.readString(real.resolve("iommu_group").resolve("type")));
    }
  }

  @Test
  void driversBindAsLinuxLetsThem() throws IOException {
    String vfio = PCI + "drivers/vfio-pci/";
    assertEquals("ENODEV", write(vfio + "bind", EDU));
    assertEquals("ENODEV", write(vfio + "unbind", EDU));
    assertEquals("ENODEV", write(vfio + "bind", "0000:00:77.0"));
    assertEquals("ENODEV", write(PCI + "drivers_probe", "nothing"));
    assertEquals("ok", write(PCI + "drivers_probe", EDU));
    assertFalse(Files.exists(kernel.sysfs().resolve("bus/pci/devices/" + EDU + "/driver")));
    assertEquals("ok", write(PCI + "devices/" + EDU + "/driver_override", "vfio-pci\n"));
    assertEquals("vfio-pci\n", read(PCI + "devices/" + EDU + "/driver_override"));
    assertEquals("ok", write(PCI + "drivers_probe", EDU + "\n"));
    assertEquals("EBUSY", write(vfio + "bind", EDU));
    assertEquals("../../../bus/pci/drivers/vfio-pci", link(PCI + "devices/" + EDU + "/driver"));
    assertEquals("../../../../devices/pci0000:00/" + EDU, link(vfio + EDU));
    String node = PCI + "devices/" + EDU + "/vfio-dev/vfio0/";
    assertEquals("251:0\n", read(node + "dev"));
    assertEquals("MAJOR=251\nMINOR=0\nDEVNAME=vfio/devices/vfio0\n", read(node + "uevent"));
    assertEquals(
        "../../devices/pci0000:00/" + EDU + "/vfio-dev/vfio0", link("/sys/class/vfio-dev/vfio0"));
    assertTrue(read(PCI + "devices/" + EDU + "/uevent").startsWith("DRIVER=vfio-pci\n"));
    int fd = kernel.open("/dev/vfio/devices/vfio0", libc_h.O_RDWR());
    assertTrue(fd >= 0);
    assertEquals(0, kernel.close(fd));
    assertEquals("ok", write(vfio + "unbind", EDU));
    assertFalse(Files.exists(kernel.sysfs().resolve("class/vfio-dev/vfio0")));
    assertFalse(Files.exists(kernel.sysfs().resolve("bus/pci/devices/" + EDU + "/vfio-dev")));
    assertFalse(Files.exists(kernel.sysfs().resolve("bus/pci/drivers/vfio-pci/" + EDU)));
    assertEquals("ok", write(PCI + "devices/" + EDU + "/driver_override", "\n"));
    assertEquals("(null)\n", read(PCI + "devices/" + EDU + "/driver_override"));
    assertEquals("EINVAL", write(PCI + "devices/" + EDU + "/driver_override", "x".repeat(4095)));
  }

  @Test
  void theKernelsOwnDriversTakeTheirFunctionsAtBoot() {
    assertEquals(Optional.of("e1000e"), host.device(NIC).driver());
    assertEquals(Optional.of("ahci"), host.device(PciAddress.parse("00:1f.2")).driver());
    assertEquals(Optional.empty(), host.device(PciAddress.parse("00:1f.0")).driver());
    String e1000e = PCI + "drivers/e1000e/";
    assertEquals("ok", write(e1000e + "unbind", NIC.toString()));
    assertEquals("ENODEV", write(e1000e + "unbind", NIC.toString()));
    assertEquals("ENODEV", write(e1000e + "bind", EDU));
    assertEquals("ok", write(PCI + "drivers_probe", NIC.toString()));
    assertEquals(Optional.of("e1000e"), host.device(NIC).driver());
    assertEquals("ok", write(PCI + "devices/" + EDU + "/driver_override", "e1000e"));
    assertEquals("ENODEV", write(e1000e + "bind", EDU), "the probe refuses");
  }

  @Test
  void aBridgeIsNotForVfio() {
    try (var desk = SimKernel.create()) {
      var port = PciAddress.parse("00:02.0");
      assertEquals(Optional.of("pcieport"), Host.of(desk).device(port).driver());
      var refused = assertThrows(HostException.class, () -> VfioBinding.bind(desk, List.of(port)));
      assertEquals(Errno.EINVAL, refused.errno());
    }
  }

  @Test
  void theHostApiBindsAndRestores() {
    try (var _ = VfioBinding.bind(kernel, List.of(NIC))) {
      assertEquals(Optional.of("vfio-pci"), host.device(NIC).driver());
      assertEquals(Optional.of("/dev/vfio/devices/vfio0"), host.device(NIC).cdevPath());
    }
    assertEquals(Optional.of("e1000e"), host.device(NIC).driver());
    assertEquals(Optional.empty(), host.device(NIC).driverOverride());
  }

  @Test
  void anOpenNodeKeepsItsDriver() {
    var binding = VfioBinding.bind(kernel, List.of(NIC));
    int fd = kernel.open("/dev/vfio/devices/vfio0", libc_h.O_RDWR());
    int second = kernel.dup(fd);
    kernel.close(fd);
    var refused = assertThrows(HostException.class, () -> VfioBinding.release(kernel, NIC));
    assertEquals(Errno.EBUSY, refused.errno());
    kernel.close(second);
    binding.close();
    assertEquals(Optional.of("e1000e"), host.device(NIC).driver());
  }

  @Test
  void theModuleParameterIsAsSwitched() throws IOException {
    String parameter = "/sys/module/iommufd/parameters/allow_unsafe_interrupts";
    assertEquals("N\n", read(parameter));
    assertEquals("ok", write(parameter, "1\n"));
    assertEquals("Y\n", read(parameter));
    assertEquals("EINVAL", write(parameter, "maybe"));
    assertEquals("ok", write(parameter, "off"));
    assertEquals("N\n", read(parameter));
  }
}
