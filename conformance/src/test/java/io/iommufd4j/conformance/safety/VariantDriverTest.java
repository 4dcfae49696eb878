// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.safety;

import org.junit.jupiter.api.Test;

/** A device that has a VFIO driver for its kind alone. */
@OnHostKernels
@OnServers
final class VariantDriverTest {

  private static final String DEVICE = "0000:02:00.0";
  private static final String VARIANT = "virtio_vfio_pci";
  private static final String FREE = "variant driver virtio_vfio_pci, free";

  @Test
  void replaceUsesItAsItIs() throws InterruptedException {
    try (var _ = BoundByHand.to(VARIANT, DEVICE)) {
      Trial.of(FREE, "--yes", "device-replace", DEVICE).leavesTheHost(0, "replaced: ");
    }
  }

  @Test
  void bindIsDoneAlready() throws InterruptedException {
    try (var _ = BoundByHand.to(VARIANT, DEVICE)) {
      Trial.of(FREE, "--yes", "device", "bind", DEVICE).leavesTheHost(0, VARIANT);
    }
  }

  @Test
  void unbindGivesItToTheHostsDriver() throws InterruptedException {
    try (var _ = BoundByHand.to(VARIANT, DEVICE)) {
      Trial.of(FREE, "device", "unbind", DEVICE)
          .changes(
              0,
              "virtio-pci",
              DEVICE + " driver " + VARIANT + " → virtio-pci",
              DEVICE + " override " + VARIANT + " → none");
    }
  }

  @Test
  void unbindRefusesWhileItIsHeld() throws InterruptedException {
    try (var _ = BoundByHand.to(VARIANT, DEVICE);
        var _ = DeviceHolder.of(DEVICE, "bound")) {
      Trial.of("variant driver virtio_vfio_pci, held", "device", "unbind", DEVICE)
          .leavesTheHost(1, "has /dev/vfio/devices/vfio");
    }
  }
}
