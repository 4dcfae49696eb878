// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.kernel.Backend;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.KernelIdentity;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** The library as a module: the host's own kernel needs JNR, whose modules are automatic. */
class ModulePathIT {

  @Test
  @EnabledOnOs(OS.LINUX)
  void theHostsKernelAnswers() {
    assertEquals("io.iommufd4j.core", Iommufd.class.getModule().getName());
    try (var kernel = Backend.provider(KernelIdentity.NATIVE).open()) {
      assertTrue(kernel.process().pageSize() >= 4096);
      int fd = kernel.open("/dev/null", 0);
      assertTrue(fd >= 0, () -> Errno.name(fd));
      assertEquals(Errno.ENOTTY.negated(), kernel.ioctl(fd, 0, MemorySegment.NULL));
      assertEquals(0, kernel.close(fd));
    }
  }
}
