// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.fs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.kernfs.Kernfs;
import io.iommufd4j.sim.lib.Refused;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class SysfsTest {

  private final Kernfs tree = new Kernfs();
  private final Sysfs sysfs = new Sysfs(tree, true);
  private final List<String> stored = new ArrayList<>();

  @AfterEach
  void close() {
    tree.close();
  }

  private static MemorySegment text(String text) {
    return MemorySegment.ofArray(text.getBytes(StandardCharsets.US_ASCII));
  }

  private static void refused(Errno errno, Executable what) {
    assertEquals(errno.name(), assertThrows(Refused.class, what).errno().name());
  }

  @Test
  void attributesAreReadByPathAndByDescriptor() throws IOException {
    sysfs.attribute("devices/x/vendor", "0x1234\n");
    sysfs.link("bus/devices/x", "devices/x");
    assertEquals("0x1234\n", Files.readString(sysfs.root().resolve("bus/devices/x/vendor")));
    assertEquals(
        "../../devices/x",
        Files.readSymbolicLink(sysfs.root().resolve("bus/devices/x")).toString());
    var file = sysfs.open("/sys/bus/devices/x/vendor", libc_h.O_RDONLY());
    var buffer = new byte[4];
    assertEquals(4, file.read(MemorySegment.ofArray(buffer)));
    sysfs.attribute("devices/x/vendor", "0xabcd\n");
    assertEquals(3, file.read(MemorySegment.ofArray(buffer)));
    assertEquals("34\n2", new String(buffer, StandardCharsets.US_ASCII));
    assertEquals(0, file.read(MemorySegment.ofArray(buffer)));
    file.pread(MemorySegment.ofArray(buffer), 0);
    assertEquals("0xab", new String(buffer, StandardCharsets.US_ASCII));
  }

  @Test
  void writesGoToTheirStore() {
    sysfs.attribute("driver_override", () -> "(null)\n", stored::add);
    var file = sysfs.open("/sys/driver_override", libc_h.O_WRONLY());
    assertEquals(9, file.write(text("vfio-pci\n")));
    assertEquals(8, file.write(text("vfio-pci")));
    assertEquals(1, file.write(text("\n")));
    assertEquals(0, file.write(text("")));
    assertEquals(List.of("vfio-pci", "vfio-pci", ""), stored);
  }

  @Test
  void bytesAreOfTheMomentTheyAreReadIn() throws IOException {
    byte[] registers = {1, 2, 3};
    sysfs.binary("config", () -> registers);
    var file = sysfs.open("/sys/config", libc_h.O_RDONLY());
    registers[1] = 9;
    var buffer = new byte[4];
    assertEquals(3, file.pread(MemorySegment.ofArray(buffer), 0));
    assertArrayEquals(new byte[] {1, 9, 3, 0}, buffer);
    assertEquals(3, Files.size(sysfs.root().resolve("config")));
  }

  @Test
  void whatAStoreRefusesTheWriteAnswers() {
    sysfs.command(
        "bind",
        name -> {
          throw Refused.with(Errno.ENODEV);
        });
    var file = sysfs.open("/sys/bind", libc_h.O_WRONLY());
    refused(Errno.ENODEV, () -> file.write(text("x")));
  }

  @Test
  void accessIsWhatTheFileHas() {
    sysfs.attribute("vendor", "0x1234\n");
    sysfs.command("bind", stored::add);
    refused(Errno.EACCES, () -> sysfs.open("/sys/vendor", libc_h.O_WRONLY()));
    refused(Errno.EACCES, () -> sysfs.open("/sys/vendor", libc_h.O_RDWR()));
    refused(Errno.EACCES, () -> sysfs.open("/sys/bind", libc_h.O_RDONLY()));
    refused(Errno.ENOENT, () -> sysfs.open("/sys/nothing", libc_h.O_RDONLY()));
    refused(Errno.EISDIR, () -> sysfs.open("/sys", libc_h.O_RDONLY()));
    sysfs.attribute("driver_override", () -> "(null)\n", stored::add);
    var others = new Sysfs(tree, false);
    refused(Errno.EACCES, () -> others.open("/sys/driver_override", libc_h.O_WRONLY()));
    others.open("/sys/driver_override", libc_h.O_RDONLY());
  }

  @Test
  void aDirectoryGoesWithAllThatIsInIt() {
    sysfs.attribute("devices/x/vfio-dev/vfio0/dev", "251:0\n");
    sysfs.link("class/vfio-dev/vfio0", "devices/x/vfio-dev/vfio0");
    sysfs.link("devices/x/vfio-dev/vfio0/subsystem", "class/vfio-dev");
    sysfs.remove("class/vfio-dev/vfio0");
    sysfs.remove("devices/x/vfio-dev");
    assertFalse(Files.exists(sysfs.root().resolve("devices/x/vfio-dev")));
    assertFalse(Files.exists(sysfs.root().resolve("class/vfio-dev/vfio0")));
    sysfs.remove("nothing");
  }
}
