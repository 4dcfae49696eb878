// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.safety;

import static io.iommufd4j.conformance.safety.HeldDeviceTest.DEVICE;

import java.util.ArrayList;
import org.junit.jupiter.api.Test;

/** Things left behind in vfio-pci and in a device's {@code driver_override}. */
@OnHostKernels
@OnPlainMachines
final class LeftoverTest {

  private static final String IDS = "1234 11e8";

  @Test
  void newIdTakesTheDeviceBack() throws InterruptedException {
    HostState before = HostState.now();
    Sysfs.write(Sysfs.driver(Sysfs.VFIO_PCI).resolve("new_id"), IDS);
    try {
      Trial.of("ids given to vfio-pci by new_id", "device", "unbind", DEVICE)
          .leavesTheHost(1, "remove_id");
    } finally {
      Sysfs.write(Sysfs.driver(Sysfs.VFIO_PCI).resolve("remove_id"), IDS);
      for (var function : new ArrayList<>(before.functions().entrySet())) {
        if (!function.getValue().equals(HostState.now().functions().get(function.getKey()))) {
          Sysfs.restore(function.getKey(), function.getValue());
        }
      }
    }
  }

  @Test
  void overrideIsCleared() throws InterruptedException {
    HostState.Function before = Sysfs.function(DEVICE);
    Sysfs.write(Sysfs.device(DEVICE).resolve("driver_override"), Sysfs.VFIO_PCI);
    try {
      Trial.of("driver_override left on a driverless device", "device", "clear-override", DEVICE)
          .changes(0, DEVICE, DEVICE + " override vfio-pci → none");
    } finally {
      Sysfs.restore(DEVICE, before);
    }
  }
}
