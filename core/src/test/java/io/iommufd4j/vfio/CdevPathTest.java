package io.iommufd4j.vfio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import io.iommufd4j.error.HostException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.pci.Host;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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

  @ParameterizedTest
  @ValueSource(strings = {"0000:02:01.0", "02:01.0", "/sys/bus/pci/devices/0000:02:01.0"})
  void anyNameOfADeviceLeadsToItsCdev(String where) {
    assertEquals("/dev/vfio/devices/vfio3", CdevPath.of(host, where));
  }

  @Test
  void aCdevIsOpenedAsItIs() {
    assertEquals("/dev/vfio/devices/vfio77", CdevPath.of(host, "/dev/vfio/devices/vfio77"));
  }

  @Test
  void aDeviceOfAnotherDriverSaysWhichAndWhatHelps() {
    var refused = assertThrows(HostException.class, () -> CdevPath.of(host, "02:02.0"));
    assertEquals(Errno.ENODEV, refused.errno());
    assertTrue(refused.hint().contains("e1000e"), refused::hint);
    assertTrue(refused.hint().contains("vfio-pci"), refused::hint);
  }

  @Test
  void aDeviceThatIsNotThereAndATextThatNamesNoneAreToldApart() {
    assertThrows(HostException.class, () -> CdevPath.of(host, "77:00.0"));
    assertThrows(IllegalArgumentException.class, () -> CdevPath.of(host, "eth0"));
  }
}
