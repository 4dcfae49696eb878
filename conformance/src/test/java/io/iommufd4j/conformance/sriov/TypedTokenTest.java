// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.sriov;

import static io.iommufd4j.conformance.sriov.PhysicalFunction.OTHER_TOKEN;
import static io.iommufd4j.conformance.sriov.PhysicalFunction.TOKEN;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.Iommufd;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.vfio.VfioDevice;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Virtual functions and their token by the typed API. */
@Conformance
@OnSriovMachines
final class TypedTokenTest {

  @Test
  void thePhysicalFunctionsUserLetsAnotherIn(KernelUnderTest test) {
    PhysicalFunction function = PhysicalFunction.with(1, test);
    String virtual = function.virtual(0).toString();
    Kernel kernel = test.kernel();
    try (var iommufd = Iommufd.open(kernel);
        var physical = VfioDevice.open(kernel, function.address())) {
      physical.bind(iommufd);
      physical.vfToken(TOKEN);
      try (var device = VfioDevice.open(kernel, PciAddress.parse(virtual))) {
        var unasked = assertThrows(KernelException.class, () -> device.bind(iommufd));
        assertEquals(Errno.EACCES, unasked.errno());
        assertTrue(unasked.hint().contains("VF token"), unasked.hint());
        var wrong =
            assertThrows(KernelException.class, () -> device.bindWithToken(iommufd, OTHER_TOKEN));
        assertEquals(Errno.EACCES, wrong.errno());
        assertEquals(device.bindWithToken(iommufd, TOKEN), device.id());
      }
    }
  }

  @Test
  void onlyPhysicalFunctionsHaveAToken(KernelUnderTest test) {
    PhysicalFunction function = PhysicalFunction.with(1, test);
    Kernel kernel = test.kernel();
    try (var iommufd = Iommufd.open(kernel);
        var physical = VfioDevice.open(kernel, function.address());
        var device = VfioDevice.open(kernel, function.virtual(0))) {
      physical.bindWithToken(iommufd, TOKEN);
      device.bindWithToken(iommufd, TOKEN);
      var refused = assertThrows(KernelException.class, () -> device.vfToken(OTHER_TOKEN));
      assertEquals(Errno.ENOTTY, refused.errno());
    }
  }

  @Test
  void theHostTellsWhoseVirtualFunctionItIs(KernelUnderTest test) {
    PhysicalFunction function = PhysicalFunction.with(1, test);
    var host = Host.of(test.kernel());
    PciAddress physical = function.address();
    assertEquals(Optional.of(physical), host.device(function.virtual(0)).physicalFunction());
    assertEquals(Optional.empty(), host.device(physical).physicalFunction());
  }
}
