// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.pci;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import io.iommufd4j.linux.NativeKernel;
import io.iommufd4j.pci.Holder.Hold;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** On a made-up /proc, where files have names but no device numbers. */
@EnabledOnOs(OS.LINUX)
class VfioHoldersTest {

  private static final PciAddress EDU = PciAddress.parse("0000:00:08.0");
  private static final String CDEV = "/dev/vfio/devices/vfio0";
  private static final String BY_GROUP = "anon_inode:[vfio-device]";

  private final FileSystem files = Jimfs.newFileSystem(Configuration.unix());
  private final Path proc = files.getPath("/proc");
  private Host host;

  @BeforeEach
  void lay() throws IOException {
    var tree = SysfsTree.lab(files.getPath("/sys"));
    tree.bound("0000:00:08.0", "vfio-pci").cdev("0000:00:08.0", "vfio0");
    host = Host.of(tree.root());
    process(4711, "qemu");
  }

  @AfterEach
  void remove() throws IOException {
    files.close();
  }

  private void process(long pid, String command) throws IOException {
    Path directory = proc.resolve(Long.toString(pid));
    Files.createDirectories(directory.resolve("fd"));
    Files.createDirectories(directory.resolve("fdinfo"));
    Files.writeString(directory.resolve("comm"), command + "\n");
    Files.writeString(directory.resolve("maps"), "");
  }

  private void descriptor(long pid, int fd, String path) throws IOException {
    Files.createSymbolicLink(
        proc.resolve(Long.toString(pid)).resolve("fd/" + fd), files.getPath(path));
  }

  private List<Holder> holders() {
    return VfioHolders.of(new NativeKernel(), host).of(host.device(EDU));
  }

  @Test
  void aMachineWithoutProcHasNoHolders() throws IOException {
    for (String file : List.of("comm", "maps", "fd", "fdinfo")) {
      Files.delete(proc.resolve("4711").resolve(file));
    }
    Files.delete(proc.resolve("4711"));
    Files.delete(proc);
    assertEquals(List.of(), holders());
  }

  @Test
  void theCdevByItsName() throws IOException {
    descriptor(4711, 3, "/dev/vfio/devices/vfio1");
    assertEquals(List.of(), holders());
    descriptor(4711, 4, CDEV);
    assertEquals(List.of(new Holder(4711, "qemu", Hold.CDEV, CDEV)), holders());
    assertEquals(
        "process 4711 (qemu) has /dev/vfio/devices/vfio0 open", holders().getFirst().toString());
  }

  @Test
  void theGroup() throws IOException {
    descriptor(4711, 3, "/dev/vfio/vfio");
    descriptor(4711, 4, "/dev/vfio/4");
    assertEquals(List.of(), holders());
    descriptor(4711, 5, "/dev/vfio/3");
    assertEquals(List.of(new Holder(4711, "qemu", Hold.GROUP, "/dev/vfio/3")), holders());
  }

  @Test
  void aDescriptorThatTheGroupGave() throws IOException {
    descriptor(4711, 5, BY_GROUP);
    Path info = proc.resolve("4711/fdinfo/5");
    Files.writeString(info, "pos:\t0\nvfio-device-syspath: /sys/devices/pci0000:00/0000:00:09.0\n");
    assertEquals(List.of(), holders());
    Files.writeString(info, "pos:\t0\nvfio-device-syspath: /sys/devices/pci0000:00/0000:00:08.0\n");
    assertEquals(List.of(new Holder(4711, "qemu", Hold.DEVICE, BY_GROUP)), holders());
  }

  @Test
  void aMappedRegionWhoseDescriptorIsClosed() throws IOException {
    Files.writeString(
        proc.resolve("4711/maps"),
        """
        7fb436ac3000-7fb436bc3000 r--p 00000000 00:09 105    /usr/lib/libc.so.6
        7fb436bc3000-7fb436cc3000 rw-s 00000000 00:09 105    /dev/vfio/devices/vfio0
        7fb436cc3000-7fb436dc3000 rw-s 00100000 00:09 105    /dev/vfio/devices/vfio0
        """);
    assertEquals(List.of(new Holder(4711, "qemu", Hold.MAPPING, CDEV)), holders());
  }
}
