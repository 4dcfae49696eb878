// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.safety;

import java.nio.file.Files;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * Devices without a driver. Linux 6.12 has them in no group behind virtio-iommu and SMMUv3 until
 * the first driver is bound, and in one from then on: each test takes a device that was not touched
 * before.
 */
@OnHostKernels
@OnPlainMachines
@Order(0)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
final class DriverlessDeviceTest {

  private static final String TO_LIST = "0000:00:09.0";
  private static final String TO_BIND = "0000:00:08.1";
  private static final String TO_REPLACE = "0000:00:08.0";

  private static String situation(String address) {
    return Files.exists(Sysfs.device(address).resolve("iommu_group"))
        ? "driverless device"
        : "driverless device in no group";
  }

  @Test
  @Order(1)
  void isListed() throws InterruptedException {
    Trial.of(situation(TO_LIST), "device", "list").leavesTheHost(0, TO_LIST);
  }

  @Test
  @Order(2)
  void isBound() throws InterruptedException {
    HostState.Function before = Sysfs.function(TO_BIND);
    try {
      Trial.of(situation(TO_BIND), "--yes", "device", "bind", TO_BIND)
          .changes(
              0,
              TO_BIND,
              TO_BIND + " driver none → vfio-pci",
              TO_BIND + " override none → vfio-pci");
    } finally {
      Sysfs.restore(TO_BIND, before);
    }
  }

  @Test
  @Order(3)
  void isReplaced() throws InterruptedException {
    Trial.of(situation(TO_REPLACE), "--yes", "device-replace", TO_REPLACE, "--prove-dma")
        .leavesTheHost(0, "DMA reached");
  }
}
