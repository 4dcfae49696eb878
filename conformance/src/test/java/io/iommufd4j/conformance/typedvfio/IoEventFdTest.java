// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.typedvfio;

import static io.iommufd4j.conformance.typedvfio.Refusal.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.event.EventFd;
import io.iommufd4j.event.EventFdRef;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.vfio.IoEventFd;
import io.iommufd4j.vfio.PciRegion;
import io.iommufd4j.vfio.RegionInfo;
import io.iommufd4j.vfio.VfioDevice;
import org.junit.jupiter.api.Test;

/** A register that is written when an eventfd is signalled, by the typed API. */
@Conformance
final class IoEventFdTest {

  @Test
  void signalWritesTheRegister(KernelUnderTest test) {
    EduDevice edu = EduDevice.of(test);
    VfioDevice device = edu.device();
    RegionInfo bar = device.region(PciRegion.BAR0);
    try (var event = EventFd.create(test.kernel())) {
      IoEventFd write = device.connectIoEventFd(bar, EduDevice.LIVENESS, 4, 0x1111_2222, event);
      event.signal();
      assertEquals(~0x1111_2222, edu.read(EduDevice.LIVENESS));
      assertEquals(0, event.take(), "the kernel takes what is counted");
      write.close();
      write.close();
      edu.write(EduDevice.LIVENESS, 7);
      event.signal();
      assertEquals(~7, edu.read(EduDevice.LIVENESS));
      assertEquals(1, event.take());
    }
  }

  @Test
  void sameWriteIsConnectedOnce(KernelUnderTest test) {
    VfioDevice device = EduDevice.of(test).device();
    RegionInfo bar = device.region(PciRegion.BAR0);
    try (var event = EventFd.create(test.kernel());
        var _ = device.connectIoEventFd(bar, EduDevice.LIVENESS, 4, 1, event);
        var _ = device.connectIoEventFd(bar, EduDevice.LIVENESS, 4, 2, event)) {
      var again =
          refused(
              Errno.EEXIST,
              () -> device.connectIoEventFd(bar, EduDevice.LIVENESS, 4, 1, event).close());
      assertTrue(again.hint().contains("written there by an eventfd already"), again.hint());
    }
  }

  @Test
  void placeIsARegisterOfABar(KernelUnderTest test) {
    VfioDevice device = EduDevice.of(test).device();
    RegionInfo bar = device.region(PciRegion.BAR0);
    RegionInfo config = device.region(PciRegion.CONFIG);
    try (var event = EventFd.create(test.kernel())) {
      refused(Errno.EINVAL, () -> device.connectIoEventFd(config, 0, 4, 1, event).close());
      assertThrows(
          IllegalArgumentException.class,
          () -> device.connectIoEventFd(bar, 0, 3, 1, event).close());
      assertThrows(
          IndexOutOfBoundsException.class,
          () -> device.connectIoEventFd(bar, bar.size(), 4, 1, event).close());
      EventFdRef none = EventFdRef.of(test.kernel(), test.memfd(1));
      refused(Errno.EINVAL, () -> device.connectIoEventFd(bar, 0, 4, 1, none).close());
    }
  }

  @Test
  void closedDeviceHasEndedIt(KernelUnderTest test) {
    VfioDevice device = EduDevice.of(test).device();
    RegionInfo bar = device.region(PciRegion.BAR0);
    try (var event = EventFd.create(test.kernel());
        var _ = device.connectIoEventFd(bar, EduDevice.LIVENESS, 4, 1, event)) {
      device.close();
    }
  }
}
