// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.iommufd4j.Iommufd;
import io.iommufd4j.kernel.Backend;
import io.iommufd4j.kernel.KernelIdentity;
import io.iommufd4j.pci.VfioBinding;
import io.iommufd4j.vfio.VfioDevice;
import org.junit.jupiter.api.Test;

/** The simulated kernel as a module. */
class ModulePathIT {

  @Test
  void replacesTheTranslation() {
    assertEquals("io.iommufd4j.sim", SimKernel.class.getModule().getName());
    try (var kernel = SimKernel.create();
        var _ = VfioBinding.bind(kernel, kernel.machine().edus());
        var iommufd = Iommufd.open(kernel);
        var device = VfioDevice.open(kernel, kernel.machine().edus().getFirst())) {
      device.bind(iommufd);
      device.attach(iommufd.newIoas());
      var next = device.replace(iommufd.newIoas());
      assertEquals(next, device.attached().orElseThrow());
    }
  }

  @Test
  void isFoundAsAService() {
    assertInstanceOf(SimProvider.class, Backend.provider(KernelIdentity.SIM));
  }
}
