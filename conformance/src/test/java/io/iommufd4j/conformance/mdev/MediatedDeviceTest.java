// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.mdev;

import static io.iommufd4j.conformance.mdev.SerialPort.UUID;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.Iommufd;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.conformance.extension.OnHostKernelsOnly;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.IommuGroup;
import io.iommufd4j.pci.MediatedDevice;
import io.iommufd4j.vfio.AttachOutcome;
import io.iommufd4j.vfio.VfioDevice;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** On the kernel's sample of a mediated device, a serial port of mtty. */
@Conformance
@Tag("own-machine")
@OnHostKernelsOnly
@EnabledIfSystemProperty(named = "iommufd4j.machine", matches = "mdev")
final class MediatedDeviceTest {

  private static final Path SYSFS = Path.of("/sys");

  @BeforeEach
  void create() throws IOException {
    SerialPort.create();
  }

  @AfterEach
  void remove() throws IOException {
    SerialPort.remove();
  }

  @Test
  void isListedWithItsGroupWhichIsNotOneWithoutIommu() {
    var host = Host.of(SYSFS);
    MediatedDevice device = host.mediatedDevice(UUID).orElseThrow();
    assertEquals(List.of(device), host.mediatedDevices());
    assertEquals("mtty", device.driver());
    assertEquals(Optional.of("/dev/vfio/devices/vfio0"), device.cdevPath());
    IommuGroup group = host.group(device.group().orElseThrow()).orElseThrow();
    assertEquals(List.of(UUID), group.others());
    assertTrue(group.emulated());
    assertFalse(group.translates());
  }

  @Test
  void isAttachedToAnIoasAndToldSo(KernelUnderTest test) {
    Kernel kernel = test.kernel();
    try (var iommufd = Iommufd.open(kernel);
        var device = VfioDevice.open(kernel, Host.of(kernel).mediatedDevice(UUID).orElseThrow())) {
      device.bind(iommufd);
      var first = iommufd.newIoas();
      var second = iommufd.newIoas();
      assertEquals(first.id(), device.attach(first));
      assertEquals(Optional.of(first.id()), device.attached());
      assertEquals(second.id(), device.replace(second));
      assertEquals(new AttachOutcome.Attached(first.id()), device.tryReplace(first));
      device.detach();
    }
  }

  @Test
  void hasNoHwpt(KernelUnderTest test) {
    Kernel kernel = test.kernel();
    try (var iommufd = Iommufd.open(kernel);
        var device = VfioDevice.open(kernel, Host.of(kernel).mediatedDevice(UUID).orElseThrow())) {
      device.bind(iommufd);
      var ioas = iommufd.newIoas();
      var refused = assertThrows(KernelException.class, () -> iommufd.newHwpt(device, ioas));
      assertEquals(Errno.ENOENT, refused.errno());
    }
  }

  @Test
  void hasNoPasids(KernelUnderTest test) {
    Kernel kernel = test.kernel();
    try (var iommufd = Iommufd.open(kernel);
        var device = VfioDevice.open(kernel, Host.of(kernel).mediatedDevice(UUID).orElseThrow())) {
      device.bind(iommufd);
      var ioas = iommufd.newIoas().id();
      assertInstanceOf(AttachOutcome.Unsupported.class, device.tryAttachPasid(1, ioas));
    }
  }
}
