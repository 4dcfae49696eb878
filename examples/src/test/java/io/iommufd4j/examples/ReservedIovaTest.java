// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.iommufd4j.DmaBuffer;
import io.iommufd4j.Ioas;
import io.iommufd4j.Iommufd;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.pci.VfioBinding;
import io.iommufd4j.sim.Machine;
import io.iommufd4j.sim.SimKernel;
import io.iommufd4j.uapi.Access;
import io.iommufd4j.vfio.VfioDevice;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A test to start from: a machine without an IOMMU checks what Linux answers on one with VT-d. */
final class ReservedIovaTest {

  @Test
  void aReservedIovaIsRefusedAndNothingChanges() {
    var address = PciAddress.parse("0000:00:08.0");
    try (var kernel = SimKernel.on(Machine.named("two-function:vtd"));
        var _ = VfioBinding.bind(kernel, List.of(address));
        var iommufd = Iommufd.open(kernel);
        var device = VfioDevice.open(kernel, address);
        var buffer = DmaBuffer.allocate(kernel, 4096)) {
      device.bind(iommufd);
      var attached = device.attach(iommufd.newIoas());
      Ioas onInterrupts = iommufd.newIoas();
      onInterrupts.map(buffer.segment(), 0xfee0_0000L, Access.READ_WRITE);

      var refused = assertThrows(KernelException.class, () -> device.replace(onInterrupts));

      assertEquals(Errno.EADDRINUSE, refused.errno()); // as Linux answers, and
      assertEquals(attached, device.attached().orElseThrow()); // nothing has changed
    }
  }
}
