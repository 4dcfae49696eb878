// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.DmaBuffer;
import io.iommufd4j.Iommufd;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.uapi.Access;
import io.iommufd4j.uapi.HwptId;
import io.iommufd4j.uapi.IovaRange;
import io.iommufd4j.vfio.AttachOutcome;
import io.iommufd4j.vfio.VfioDevice;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Replace the translation under a bound device, as a program does it. */
@Conformance
final class MainJobTest {

  private static final long PAGE = 4096;
  private static final long IOVA = 0x100_0000;

  @Test
  void replaceAndWayBack(KernelUnderTest test) {
    Kernel kernel = test.kernel();
    try (var iommufd = Iommufd.open(kernel);
        var device = VfioDevice.open(kernel, test.machine().lone().getFirst());
        var memory = DmaBuffer.allocate(kernel, PAGE)) {
      device.bind(iommufd);
      var ioasA = iommufd.newIoas();
      ioasA.map(memory.segment(), IOVA, Access.READ_WRITE);
      var hwptA = iommufd.newHwpt(device, ioasA);
      assertEquals(hwptA.id(), device.attach(hwptA));
      var ioasB = iommufd.newIoas();
      ioasB.copyFrom(ioasA, IOVA, PAGE, IOVA, Access.READ);
      var hwptB = iommufd.newHwpt(device, ioasB);
      assertEquals(hwptB.id(), device.replace(hwptB));
      assertEquals(Optional.of(hwptB.id()), device.attached());
      assertEquals(hwptA.id(), device.replace(hwptA));
      hwptB.close();
      ioasB.close();
      device.detach();
      assertEquals(Optional.empty(), device.attached());
    }
  }

  @Test
  void replaceIsNeverAnAttachNorTheOtherWayRound(KernelUnderTest test) {
    Kernel kernel = test.kernel();
    try (var iommufd = Iommufd.open(kernel);
        var device = VfioDevice.open(kernel, test.machine().lone().getFirst())) {
      device.bind(iommufd);
      var ioas = iommufd.newIoas();
      assertThrows(IllegalStateException.class, () -> device.replace(ioas));
      device.attach(ioas);
      assertThrows(IllegalStateException.class, () -> device.attach(ioas));
    }
  }

  @Test
  void expectedRefusalsAreValues(KernelUnderTest test) {
    Kernel kernel = test.kernel();
    try (var iommufd = Iommufd.open(kernel);
        var device = VfioDevice.open(kernel, test.machine().lone().getFirst());
        var memory = DmaBuffer.allocate(kernel, PAGE)) {
      device.bind(iommufd);
      var hwpt = iommufd.newHwpt(device, iommufd.newIoas());
      device.attach(hwpt);
      var occupied = iommufd.newIoas();
      occupied.map(memory.segment(), test.machine().reservedIova(), Access.READ_WRITE);
      assertInstanceOf(AttachOutcome.ReservedIovaMapped.class, device.tryReplace(occupied));
      assertInstanceOf(AttachOutcome.NoSuchPageTable.class, device.tryReplace(new HwptId(999)));
      assertEquals(Optional.of(hwpt.id()), device.attached());
    }
  }

  @Test
  void refusalsTellWhatWasRefused(KernelUnderTest test) {
    Kernel kernel = test.kernel();
    try (var iommufd = Iommufd.open(kernel);
        var device = VfioDevice.open(kernel, test.machine().lone().getFirst())) {
      device.bind(iommufd);
      var hwpt = iommufd.newHwpt(device, iommufd.newIoas());
      device.attach(hwpt);
      var busy = assertThrows(KernelException.class, hwpt::close);
      assertEquals(Errno.EBUSY, busy.errno());
      assertEquals("IOMMU_DESTROY", busy.operation());
      assertEquals(iommufd.fd(), busy.fd());
      assertEquals(Optional.of(hwpt.id()), busy.object());
    }
  }

  @Test
  void attachedDeviceNarrowsWhatCanBeMapped(KernelUnderTest test) {
    Kernel kernel = test.kernel();
    try (var iommufd = Iommufd.open(kernel);
        var device = VfioDevice.open(kernel, test.machine().lone().getFirst())) {
      device.bind(iommufd);
      var ioas = iommufd.newIoas();
      long reserved = test.machine().reservedIova();
      var window = new IovaRange(reserved, reserved + PAGE - 1);
      assertTrue(ioas.iovaRanges().allow(window));
      device.attach(ioas);
      assertFalse(ioas.iovaRanges().allow(window), "the device reserves it");
      assertEquals(PAGE, ioas.iovaRanges().alignment());
    }
  }

  @Test
  void closeTakesEverythingDownInOrder(KernelUnderTest test) {
    Kernel kernel = test.kernel();
    var device = VfioDevice.open(kernel, test.machine().lone().getFirst());
    var iommufd = Iommufd.open(kernel);
    device.bind(iommufd);
    device.attach(iommufd.newHwpt(device, iommufd.newIoas()));
    iommufd.close();
    assertEquals(Optional.empty(), device.attached());
    device.close();
    try (var again = VfioDevice.open(kernel, test.machine().lone().getFirst());
        var next = Iommufd.open(kernel)) {
      assertEquals(1, again.bind(next).value());
    }
  }
}
