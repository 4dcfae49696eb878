// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.iommufd4j.DmaBuffer;
import io.iommufd4j.Iommufd;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.junit.RequestFault;
import io.iommufd4j.junit.SimulatedMachine;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.uapi.Access;
import org.junit.jupiter.api.Test;

/** A test of a way out that no healthy machine takes: the second mapping fails. */
@SimulatedMachine
final class OutOfMemoryTest {

  @RequestFault(request = Request.IOMMU_IOAS_MAP, nth = 2, errno = Errno.ENOMEM)
  @Test
  void theFirstMappingIsTakenBack(Kernel kernel, Iommufd iommufd) {
    var ioas = iommufd.newIoas();
    try (var buffer = DmaBuffer.allocate(kernel, 8192)) {
      long first = ioas.map(buffer.segment().asSlice(0, 4096), Access.READ_WRITE);

      var refused =
          assertThrows(
              KernelException.class,
              () -> ioas.map(buffer.segment().asSlice(4096), Access.READ_WRITE));

      assertEquals(Errno.ENOMEM, refused.errno());
      ioas.unmap(first, 4096);
    }
  }
}
