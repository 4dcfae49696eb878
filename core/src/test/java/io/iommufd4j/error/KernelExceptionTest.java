// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.error;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.uapi.ViommuId;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Everything that a refusal says stands in one line. */
final class KernelExceptionTest {

  @Test
  void callOnADescriptor() {
    var id = new ViommuId(4);
    var refused = KernelException.onFd("IOMMU_DESTROY", Errno.EBUSY, 3, id, "it is in use");
    assertEquals("IOMMU_DESTROY on fd 3, vIOMMU 4: EBUSY: it is in use", refused.getMessage());
    assertEquals("IOMMU_DESTROY", refused.operation());
    assertEquals(Errno.EBUSY, refused.errno());
    assertEquals(3, refused.fd());
    assertEquals(Optional.of(id), refused.object());
    assertEquals("it is in use", refused.hint());
  }

  @Test
  void callOnAPath() {
    var refused = KernelException.onPath("open", "/dev/iommu", Errno.EACCES, "");
    assertEquals("open /dev/iommu: EACCES", refused.getMessage());
    assertEquals(-1, refused.fd());
    assertEquals(Optional.empty(), refused.object());
  }
}
