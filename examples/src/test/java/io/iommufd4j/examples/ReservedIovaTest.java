// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.iommufd4j.DmaBuffer;
import io.iommufd4j.Ioas;
import io.iommufd4j.Iommufd;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.junit.SimulatedMachine;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.uapi.Access;
import io.iommufd4j.vfio.VfioDevice;
import org.junit.jupiter.api.Test;

/** A test to start from: a machine without an IOMMU checks what Linux answers on one with VT-d. */
@SimulatedMachine("two-function:vtd")
final class ReservedIovaTest {

  @Test
  void aReservedIovaIsRefusedAndNothingChanges(Kernel kernel, Iommufd iommufd, VfioDevice device) {
    device.bind(iommufd);
    var attached = device.attach(iommufd.newIoas());
    try (var buffer = DmaBuffer.allocate(kernel, 4096)) {
      Ioas onInterrupts = iommufd.newIoas();
      onInterrupts.map(buffer.segment(), 0xfee0_0000L, Access.READ_WRITE);

      var refused = assertThrows(KernelException.class, () -> device.replace(onInterrupts));

      assertEquals(Errno.EADDRINUSE, refused.errno()); // as Linux answers, and
      assertEquals(attached, device.attached().orElseThrow()); // nothing has changed
    }
  }
}
