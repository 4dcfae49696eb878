// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.safety;

import static io.iommufd4j.conformance.safety.HeldDeviceTest.DEVICE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.Iommufd;
import io.iommufd4j.error.HostException;
import io.iommufd4j.kernel.Backend;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.pci.VfioBinding;
import io.iommufd4j.vfio.MappedRegion;
import io.iommufd4j.vfio.PciRegion;
import io.iommufd4j.vfio.VfioDevice;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A program that closes its binding before it closes the device. */
@OnHostKernels
@OnPlainMachines
final class OwnProcessTest {

  @Test
  void openDevice() {
    HostState before = HostState.now();
    try (Kernel kernel = Backend.NATIVE.open(Backend.Purpose.IOMMUFD)) {
      VfioBinding binding = VfioBinding.bind(kernel, List.of(PciAddress.parse(DEVICE)));
      try (var _ = VfioDevice.open(kernel, PciAddress.parse(DEVICE))) {
        refused("the device open in this JVM", binding);
      }
      assertEquals(List.of(), binding.restore());
    }
    assertEquals(List.of(), before.changes(HostState.now()));
  }

  @Test
  void mappedRegion() {
    HostState before = HostState.now();
    try (Kernel kernel = Backend.NATIVE.open(Backend.Purpose.IOMMUFD)) {
      VfioBinding binding = VfioBinding.bind(kernel, List.of(PciAddress.parse(DEVICE)));
      try (var _ = mapAndClose(kernel)) {
        refused("a region of it mapped in this JVM, the device closed", binding);
      }
      assertEquals(List.of(), binding.restore());
    }
    assertEquals(List.of(), before.changes(HostState.now()));
  }

  private static MappedRegion mapAndClose(Kernel kernel) {
    try (Iommufd iommufd = Iommufd.open(kernel);
        VfioDevice device = VfioDevice.open(kernel, PciAddress.parse(DEVICE))) {
      device.bind(iommufd);
      return device.mapRegion(PciRegion.BAR0);
    }
  }

  /** Gives back what can be: the override, and the driver as soon as nobody holds the device. */
  private static void refused(String situation, VfioBinding binding) {
    HostState bound = HostState.now();
    long start = System.nanoTime();
    var refusal = assertThrows(HostException.class, binding::close);
    var took = Duration.ofNanos(System.nanoTime() - start);
    List<String> changes = bound.changes(HostState.now());
    boolean asExpected = changes.equals(List.of(DEVICE + " override vfio-pci → none"));
    Row.print(
        situation,
        "VfioBinding.close()",
        refusal.errno().name(),
        String.valueOf(refusal.getMessage()),
        took,
        asExpected
            ? "driver_override as found, and the driver too once that is closed"
            : "host changed: " + String.join(", ", changes));
    assertEquals(Errno.EBUSY, refusal.errno());
    assertTrue(String.valueOf(refusal.getMessage()).contains("this process"), refusal::toString);
    assertTrue(asExpected, changes::toString);
  }
}
