// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class KernelConfigTest {

  private static final String RELEASE = "7.3.4-amd64";

  private final FileSystem files = Jimfs.newFileSystem(Configuration.unix());
  private final Path root = files.getPath("/");
  private final KernelConfig config = new KernelConfig(root, RELEASE);

  @BeforeEach
  void lay() throws IOException {
    Files.createDirectories(root.resolve("proc"));
    Files.createDirectories(root.resolve("boot"));
  }

  @AfterEach
  void close() throws IOException {
    files.close();
  }

  private void boot(String text) throws IOException {
    Files.writeString(root.resolve("boot/config-" + RELEASE), text);
  }

  @Test
  void tellsNothingWhereNoConfigurationLies() {
    assertEquals(Optional.empty(), config.option("CONFIG_IOMMUFD"));
    var why = NativeProvider.noNode(RELEASE, false, config, Distribution.OTHER);
    assertTrue(why.fix().contains("modprobe iommufd"), why.fix());
    assertTrue(why.fix().contains("CONFIG_IOMMUFD"), why.fix());
  }

  @Test
  void aKernelWithoutIommufdIsNamed() throws IOException {
    boot("CONFIG_IOMMUFD_DRIVER_CORE=y\n# CONFIG_IOMMUFD is not set\n");
    assertEquals(Optional.of("n"), config.option("CONFIG_IOMMUFD"));
    var why = NativeProvider.noNode(RELEASE, false, config, Distribution.OTHER);
    assertEquals(
        "there is no /dev/iommu: Linux 7.3.4-amd64 was built without CONFIG_IOMMUFD", why.reason());
  }

  @Test
  void aModuleIsToBeLoaded() throws IOException {
    boot("CONFIG_IOMMUFD=m\n");
    assertEquals(
        "load it: modprobe iommufd",
        NativeProvider.noNode(RELEASE, false, config, Distribution.OTHER).fix());
  }

  @Test
  void theKernelsOwnWordComesFirst() throws IOException {
    boot("CONFIG_IOMMUFD=m\n");
    try (var out = new GZIPOutputStream(Files.newOutputStream(root.resolve("proc/config.gz")))) {
      out.write("CONFIG_IOMMUFD=y\n".getBytes(StandardCharsets.UTF_8));
    }
    assertEquals(Optional.of("y"), config.option("CONFIG_IOMMUFD"));
  }

  @Test
  void aContainerLacksTheNodeAlone() {
    var why = NativeProvider.noNode(RELEASE, true, config, Distribution.OTHER);
    assertEquals("pass /dev/iommu into this container", why.fix());
  }

  @Test
  void theDistributionSaysHowItsKernelsComeByIommufd() throws IOException {
    assertEquals(Distribution.OTHER, Distribution.of(root));
    assertEquals(Distribution.OTHER, release("ID=arch"));
    assertEquals(Distribution.UBUNTU, release("NAME=\"Ubuntu\"\nID=ubuntu\nID_LIKE=debian"));
    Distribution debian = release("PRETTY_NAME=\"Debian GNU/Linux 13 (trixie)\"\nID=debian");
    var absent = NativeProvider.noNode(RELEASE, false, config, debian);
    assertTrue(absent.fix().contains("Debian's own kernels are built without"), absent.fix());
    Distribution fedora = release("ID=\"fedora\"");
    var module = NativeProvider.noNode(RELEASE, false, config, fedora);
    assertTrue(module.fix().contains("Fedora's own kernels have iommufd as a module"));
  }

  private Distribution release(String text) throws IOException {
    Files.createDirectories(root.resolve("etc"));
    Files.writeString(root.resolve("etc/os-release"), text + "\n");
    return Distribution.of(root);
  }
}
