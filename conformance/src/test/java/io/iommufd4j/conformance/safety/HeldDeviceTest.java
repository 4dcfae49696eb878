// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.safety;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A device of vfio-pci that another process holds, in each way that there is. */
@OnHostKernels
@OnPlainMachines
final class HeldDeviceTest {

  /** Alone in its group on every machine. */
  static final String DEVICE = "0000:00:0a.0";

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      value = {
        "open, cdev open, has /dev/vfio/devices/vfio",
        "bound, cdev bound to an iommufd, has /dev/vfio/devices/vfio",
        "group, VFIO group open with a container and the device, has the VFIO group /dev/vfio/",
        "group-open, VFIO group open, has the VFIO group /dev/vfio/",
        "group-device, device open by its group whose descriptor is closed, has ",
        "mapped, BAR of the cdev mapped and its descriptor closed, has a region of it mapped",
        "group-mapped, BAR mapped by the group and all descriptors closed, has ",
        "foreign, cdev bound through a node of another name, has /dev/holder-",
        "foreign-group, VFIO group open through a node of another name, has the VFIO group",
        "passed, bound cdev on its way through a socket, somebody has VFIO group",
      })
  void unbindRefusesAndNamesTheHolder(String way, String situation, String words)
      throws InterruptedException {
    try (var _ = BoundByHand.toVfio(DEVICE);
        var _ = DeviceHolder.of(DEVICE, way)) {
      Trial.of("held: " + situation, "device", "unbind", DEVICE, "--wait", "5")
          .leavesTheHost(1, words);
    }
  }

  /** No file of any process shows this one, and the kernel does not tell. */
  @Test
  void unbindGivesUpWhatItCannotSee() throws InterruptedException {
    try (var _ = BoundByHand.toVfio(DEVICE)) {
      Trial trial;
      try (var _ = DeviceHolder.of(DEVICE, "passed-open")) {
        String situation = "held: cdev, merely open, on its way through a socket";
        trial = Trial.of(situation, "device", "unbind", DEVICE, "--wait", "5");
      }
      trial.leavesTheHostInTheEnd(1, "given up after", "once the holder let go");
    }
  }

  @ParameterizedTest
  @CsvSource({"bound, cdev bound to an iommufd", "group, VFIO group open with the device"})
  void replaceRefuses(String way, String situation) throws InterruptedException {
    try (var _ = BoundByHand.toVfio(DEVICE);
        var _ = DeviceHolder.of(DEVICE, way)) {
      Trial.of("held: " + situation, "--yes", "device-replace", DEVICE).leavesTheHost(1, "E");
    }
  }

  @Test
  void freeDeviceIsGivenBack() throws InterruptedException {
    try (var _ = BoundByHand.toVfio(DEVICE)) {
      Trial.of("held by nobody", "device", "unbind", DEVICE)
          .changes(
              0, DEVICE, DEVICE + " driver vfio-pci → none", DEVICE + " override vfio-pci → none");
    }
  }
}
