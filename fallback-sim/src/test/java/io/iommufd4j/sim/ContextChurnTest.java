// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.DmaBuffer;
import io.iommufd4j.Iommufd;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.pci.VfioBinding;
import io.iommufd4j.uapi.Access;
import io.iommufd4j.vfio.VfioDevice;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * Contexts that come and go leave nothing behind. {@code -Dsim.cycles=1000000} runs it for as long
 * as it takes to be sure.
 */
class ContextChurnTest {

  private static final int CYCLES = Integer.getInteger("sim.cycles", 2_000);
  private static final int WARM_UP = 500;
  private static final long IOVA = 0x100_0000;
  private static final long SIZE = 1 << 16;

  /** The bytes by which a JVM's own memory may grow meanwhile, by loading and compiling. */
  private static final long JVM_BYTES = 1 << 20;

  @Test
  void nothingOfAContextOutlivesItsFile() {
    try (var kernel = SimKernel.create();
        var buffer = DmaBuffer.allocate(kernel, SIZE)) {
      churn(WARM_UP, () -> openAndClose(kernel, buffer));
      assertEquals(Census.NOTHING, kernel.control().census());
      var before = LiveObjects.count();
      long bytes = LiveObjects.bytes();
      churn(CYCLES, () -> openAndClose(kernel, buffer));
      assertEquals(Census.NOTHING, kernel.control().census());
      assertEquals(Map.of(), LiveObjects.grownSince(before));
      long grown = LiveObjects.bytes() - bytes;
      assertTrue(grown < JVM_BYTES, () -> grown + " bytes more");
    }
  }

  private static void openAndClose(SimKernel kernel, DmaBuffer buffer) {
    try (var iommufd = Iommufd.open(kernel);
        var ioas = iommufd.newIoas()) {
      ioas.map(buffer.segment(), IOVA, Access.READ_WRITE);
    }
  }

  @Test
  void nothingOfADevicesUseOutlivesItsFiles() {
    try (var kernel = SimKernel.create();
        var buffer = DmaBuffer.allocate(kernel, SIZE)) {
      PciAddress address = kernel.machine().edus().getFirst();
      try (var _ = VfioBinding.bind(kernel, List.of(address))) {
        churn(WARM_UP / 5, () -> mainJob(kernel, address, buffer));
        assertEquals(Census.NOTHING, kernel.control().census());
        var before = LiveObjects.count();
        churn(CYCLES / 10, () -> mainJob(kernel, address, buffer));
        assertEquals(Census.NOTHING, kernel.control().census());
        assertEquals(Map.of(), LiveObjects.grownSince(before));
      }
    }
  }

  private static void mainJob(SimKernel kernel, PciAddress address, DmaBuffer buffer) {
    try (var iommufd = Iommufd.open(kernel);
        var old = iommufd.newIoas();
        var next = iommufd.newIoas();
        var device = VfioDevice.open(kernel, address)) {
      old.map(buffer.segment(), IOVA, Access.READ_WRITE);
      device.bind(iommufd);
      try (var first = iommufd.newHwpt(device, old)) {
        device.attach(first);
        device.replace(next);
        device.detach();
      }
    }
  }

  @Test
  void aKernelThatWasClosedGoesAltogether() {
    churn(3, () -> SimKernel.create().close());
    var before = LiveObjects.count();
    churn(20, () -> SimKernel.create().close());
    assertEquals(Map.of(), LiveObjects.grownSince(before));
  }

  private static void churn(int times, Runnable cycle) {
    for (int i = 0; i < times; i++) {
      cycle.run();
    }
  }
}
