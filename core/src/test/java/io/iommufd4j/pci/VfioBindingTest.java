// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.pci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.iommufd4j.error.HostException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.SysfsWrite;
import io.iommufd4j.linux.NativeKernel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * Against plain files, where every write is taken and nothing follows from it: a driver that does
 * not let go. That binding works is shown where a kernel answers.
 */
@EnabledOnOs(OS.LINUX)
class VfioBindingTest {

  private static final PciAddress EDU = PciAddress.parse("0000:00:08.0");
  private static final PciAddress VIRTIO = PciAddress.parse("0000:00:01.0");

  private final NativeKernel kernel = new NativeKernel();
  @TempDir private Path sys;
  private SysfsTree tree;

  @BeforeEach
  void lay() throws IOException {
    tree = SysfsTree.lab(sys);
  }

  private VfioBinding prepare(PciAddress... devices) {
    return VfioBinding.prepare(kernel, Host.of(sys), List.of(devices), Patience.DEFAULT);
  }

  private String read(String name) throws IOException {
    return Files.readString(sys.resolve(name)).strip();
  }

  /** A plain file keeps what stood behind a shorter text; an attribute does not. */
  private String firstLine(String name) throws IOException {
    return Files.readAllLines(sys.resolve(name)).getFirst();
  }

  @Test
  void aDriverThatDoesNotLetGoIsNamedAndTheOverrideTakenBack() throws IOException {
    var binding = prepare(VIRTIO);
    var refused = assertThrows(HostException.class, binding::bind);
    assertEquals(
        "bind 0000:00:01.0 to vfio-pci: EBUSY (driver virtio-pci holds it)", refused.getMessage());
    assertEquals("0000:00:01.0", read("bus/pci/drivers/virtio-pci/unbind"));
    assertEquals("0000:00:01.0", read("bus/pci/drivers_probe"));
    assertEquals("", firstLine("devices/pci0000:00/0000:00:01.0/driver_override"));
    assertEquals(List.of(), binding.restore(), "a second restore finds nothing to do");
    assertThrows(IllegalStateException.class, binding::bind);
  }

  @Test
  void theKernelsRefusalComesWithItsErrnoAndFile() throws IOException {
    Files.delete(sys.resolve("bus/pci/drivers_probe"));
    var refused = assertThrows(HostException.class, prepare(EDU)::bind);
    assertEquals(Errno.ENOENT, refused.errno());
    assertEquals(
        "write 0000:00:08.0 to " + sys.resolve("bus/pci/drivers_probe"), refused.operation());
  }

  @Test
  void anOverrideThatWasThereIsPutBack() throws IOException {
    tree.file("devices/pci0000:00/0000:00:08.0/driver_override", "uio\n");
    assertThrows(HostException.class, prepare(EDU)::bind);
    assertEquals("uio", firstLine("devices/pci0000:00/0000:00:08.0/driver_override"));
  }

  @Test
  void aDeviceBoundAlreadyIsLeftAlone() throws IOException {
    tree.bound("0000:00:08.0", "vfio-pci");
    var binding = prepare(EDU);
    binding.bind();
    binding.close();
    assertEquals(List.of(), binding.undo());
    assertEquals("", read("bus/pci/drivers_probe"));
    assertEquals("(null)", read("devices/pci0000:00/0000:00:08.0/driver_override"));
  }

  @Test
  void theWayBackCanBeWalkedByHand() {
    assertEquals(
        List.of(
            "echo 0000:00:08.0 > " + sys + "/bus/pci/drivers/vfio-pci/unbind",
            "echo > " + sys + "/bus/pci/devices/0000:00:08.0/driver_override",
            "echo 0000:00:01.0 > " + sys + "/bus/pci/drivers/vfio-pci/unbind",
            "echo > " + sys + "/bus/pci/devices/0000:00:01.0/driver_override",
            "echo 0000:00:01.0 > " + sys + "/bus/pci/drivers/virtio-pci/bind"),
        prepare(VIRTIO, EDU).undo().stream().map(SysfsWrite::toString).toList());
  }

  @Test
  void whatCannotSucceedIsRefusedBeforeAnythingIsTouched() throws IOException {
    tree.device("0000:00:0b.0", "0x1234", "0x11e8", "0x00ff00").bound("0000:00:0b.0", "virtio-pci");
    var lone = PciAddress.parse("00:0b.0");
    assertEquals(Errno.EINVAL, assertThrows(HostException.class, () -> prepare(EDU, lone)).errno());
    tree.file("module/vfio/parameters/enable_unsafe_noiommu_mode", "Y\n");
    assertEquals(2, prepare(EDU, lone).before().size());

    Files.delete(sys.resolve("bus/pci/drivers/vfio-pci/bind"));
    Files.delete(sys.resolve("bus/pci/drivers/vfio-pci/unbind"));
    Files.delete(sys.resolve("bus/pci/drivers/vfio-pci"));
    var refused = assertThrows(HostException.class, () -> prepare(EDU));
    assertEquals(Errno.ENOENT, refused.errno());
    assertEquals("the driver is not loaded: modprobe vfio-pci", refused.hint());

    assertEquals("", read("bus/pci/drivers/virtio-pci/unbind"));
    assertEquals("(null)", read("devices/pci0000:00/0000:00:08.0/driver_override"));
  }

  @Test
  void restoringBeforeBindingTouchesNothingAndEndsIt() throws IOException {
    var binding = prepare(EDU);
    assertEquals(List.of(), binding.restore());
    assertThrows(IllegalStateException.class, binding::bind);
    assertEquals("(null)", read("devices/pci0000:00/0000:00:08.0/driver_override"));
  }
}
