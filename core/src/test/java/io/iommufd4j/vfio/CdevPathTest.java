// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.vfio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import io.iommufd4j.error.HostException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.MediatedDevice;
import io.iommufd4j.pci.PciAddress;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CdevPathTest {

  private final FileSystem files = Jimfs.newFileSystem(Configuration.unix());
  private final Path sysfs = files.getPath("/sys");
  private final Host host = Host.of(sysfs);

  @BeforeEach
  void makeDevices() throws IOException {
    Path devices = Files.createDirectories(sysfs.resolve("bus/pci/devices"));
    Files.createDirectories(devices.resolve("0000:02:01.0/vfio-dev/vfio3"));
    Path other = Files.createDirectory(devices.resolve("0000:02:02.0"));
    Path driver = Files.createDirectories(sysfs.resolve("bus/pci/drivers/e1000e"));
    Files.createSymbolicLink(other.resolve("driver"), driver);
  }

  @AfterEach
  void close() throws IOException {
    files.close();
  }

  private static PciAddress address(String text) {
    return PciAddress.parse(text);
  }

  @Test
  void aDeviceLeadsToItsCdev() {
    assertEquals("/dev/vfio/devices/vfio3", CdevPath.of(host, address("0000:02:01.0")));
  }

  @Test
  void aMediatedDeviceLeadsToItsCdev() {
    assertEquals("/dev/vfio/devices/vfio5", CdevPath.of(mediated(Optional.of("vfio5"))));
    var refused = assertThrows(HostException.class, () -> CdevPath.of(mediated(Optional.empty())));
    assertEquals(Errno.ENODEV, refused.errno());
  }

  private static MediatedDevice mediated(Optional<String> cdev) {
    String uuid = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001";
    return new MediatedDevice(uuid, "mtty", "mtty-1", OptionalInt.of(7), cdev);
  }

  @Test
  void aDeviceOfAnotherDriverSaysWhichAndWhatHelps() {
    var refused =
        assertThrows(HostException.class, () -> CdevPath.of(host, address("0000:02:02.0")));
    assertEquals(Errno.ENODEV, refused.errno());
    assertTrue(refused.hint().contains("e1000e"), refused::hint);
    assertTrue(refused.hint().contains("vfio-pci"), refused::hint);
  }

  @Test
  void aDeviceThatIsNotThereIsRefused() {
    assertThrows(HostException.class, () -> CdevPath.of(host, address("0000:77:00.0")));
  }
}
