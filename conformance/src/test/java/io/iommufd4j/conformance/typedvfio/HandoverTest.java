// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.typedvfio;

import static io.iommufd4j.conformance.typedvfio.Refusal.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.iommufd4j.Ioas;
import io.iommufd4j.Iommufd;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.uapi.DeviceId;
import io.iommufd4j.uapi.PageTableId;
import io.iommufd4j.vfio.AttachOutcome;
import io.iommufd4j.vfio.VfioDevice;
import io.iommufd4j.vfio.VfioDeviceRef;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A device's descriptor goes from one owner to another, bound and attached as it is. */
@Conformance
final class HandoverTest {

  private static PciAddress lone(KernelUnderTest test) {
    return test.machine().lone().getFirst();
  }

  @Test
  void ownerGivesTheDescriptorUp(KernelUnderTest test) {
    Kernel kernel = test.kernel();
    String cdev = Host.of(kernel).device(lone(test)).cdevPath().orElseThrow();
    try (var iommufd = Iommufd.open(kernel)) {
      Ioas ioas = iommufd.newIoas();
      var first = VfioDevice.openCdev(kernel, cdev);
      DeviceId id = first.bind(iommufd);
      PageTableId hwpt = first.tryAttach(ioas).orThrow();
      int fd = first.release();
      first.close();
      assertThrows(IllegalStateException.class, first::fd);
      try (var second = VfioDevice.ofFd(kernel, fd)) {
        assertEquals(fd, second.fd());
        assertThrows(IllegalStateException.class, second::id);
        assertThrows(IllegalStateException.class, () -> second.assumeAttached(hwpt));
        second.assumeBound(iommufd, id);
        second.assumeAttached(hwpt);
        assertEquals(id, second.id());
        assertEquals(Optional.of(hwpt), second.attached());
        assertEquals(iommufd, second.iommufd().orElseThrow());
        assertThrows(IllegalStateException.class, () -> second.assumeBound(iommufd, id));
        var hwptOfOther = iommufd.newHwpt(second, iommufd.newIoas());
        assertEquals(hwptOfOther.id(), second.replace(hwptOfOther));
      }
    }
  }

  @Test
  void borrowerNeverCloses(KernelUnderTest test) {
    Kernel kernel = test.kernel();
    try (var iommufd = Iommufd.open(kernel);
        var owner = VfioDevice.open(kernel, lone(test))) {
      VfioDeviceRef borrowed = VfioDeviceRef.of(kernel, owner.fd());
      assertSame(kernel, borrowed.kernel());
      borrowed.bind(iommufd);
      Ioas ioas = iommufd.newIoas();
      borrowed.attach(ioas.id());
      assertInstanceOf(AttachOutcome.Attached.class, borrowed.tryReplace(ioas.id()));
      borrowed.detachAll();
      borrowed.detachAll();
      assertEquals(Optional.empty(), borrowed.attached());
      assertInstanceOf(AttachOutcome.Attached.class, borrowed.tryAttach(ioas.id()));
      borrowed.detach();
      refused(Errno.EINVAL, () -> owner.bind(iommufd));
    }
  }
}
