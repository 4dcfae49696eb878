// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.host;

import static io.iommufd4j.conformance.Answers.ok;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.Iommufd;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OtherProgram;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.pci.PciDevice;
import io.iommufd4j.vfio.VfioDevice;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Comparator;
import org.junit.jupiter.api.Test;

/** The cause that a refused bind names, where a server has it. */
@Conformance
@OnHostMachines
final class HostHintTest {

  private static KernelException refused(KernelUnderTest test, PciAddress address) {
    try (var iommufd = Iommufd.open(test.kernel());
        var device = VfioDevice.open(test.kernel(), address)) {
      return assertThrows(KernelException.class, () -> device.bind(iommufd));
    }
  }

  /** By hand: the library refuses to take such devices. */
  private static KernelException refusedAfterTaking(KernelUnderTest test, PciAddress address) {
    var files = new HostFiles(test);
    files.restore(address.toString());
    ok(files.hand(address.toString(), "vfio-pci"));
    return refused(test, address);
  }

  @Test
  void mappingsOfTheFirmware(KernelUnderTest test) {
    var address = PciAddress.parse(new HostFiles(test).mappedByFirmware());
    KernelException refused = refusedAfterTaking(test, address);
    assertEquals(Errno.EINVAL, refused.errno());
    assertTrue(refused.hint().contains("0x70000000-0x7000ffff direct"), refused.hint());
    assertFalse(refused.hint().contains("process"), refused.hint());
  }

  @Test
  void siblingThatTheHostDrives(KernelUnderTest test) {
    var host = Host.of(test.kernel());
    PciDevice device =
        host.devices().stream()
            .filter(found -> !found.bridge() && host.carriedBy(found).isEmpty())
            .filter(found -> !host.blockers(found).isEmpty())
            .max(
                Comparator.comparing((PciDevice found) -> found.driver().isEmpty())
                    .thenComparing(PciDevice::address))
            .orElseThrow();
    PciDevice sibling = host.blockers(device).getFirst();
    KernelException refused = refusedAfterTaking(test, device.address());
    assertEquals(Errno.EPERM, refused.errno());
    assertTrue(refused.hint().contains(sibling.address().toString()), refused.hint());
    assertTrue(refused.hint().contains(sibling.driver().orElseThrow()), refused.hint());
    assertFalse(refused.hint().contains("interrupts"), refused.hint());
  }

  @Test
  void anotherProcessThatHasTheDevice(KernelUnderTest test) {
    var host = Host.of(test.kernel());
    PciAddress address = test.machine().lone().getLast();
    String cdev = host.device(address).cdevPath().orElseThrow();
    OtherProgram holder = test.program();
    int iommufd = ok(holder.open("/dev/iommu"));
    int device = ok(holder.open(cdev));
    var block = ByteBuffer.allocate(16).order(ByteOrder.nativeOrder());
    block.putInt(16).putInt(0).putInt(iommufd).putInt(0);
    ok(holder.ioctl(device, Request.VFIO_DEVICE_BIND_IOMMUFD.number(), block.array()));
    KernelException refused = refused(test, address);
    assertEquals(Errno.EINVAL, refused.errno());
    assertTrue(refused.hint().contains("process " + holder.pid()), refused.hint());
    assertTrue(refused.hint().contains("has " + cdev + " open"), refused.hint());
    assertFalse(refused.hint().contains("firmware keeps"), refused.hint());
    assertFalse(refused.hint().contains("coherent"), refused.hint());
  }
}
