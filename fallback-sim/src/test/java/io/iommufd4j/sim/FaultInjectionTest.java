// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.DmaBuffer;
import io.iommufd4j.Iommufd;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.ErrnoCode;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.pci.VfioBinding;
import io.iommufd4j.sim.driver.IommuPreset;
import io.iommufd4j.uapi.Access;
import io.iommufd4j.vfio.VfioDevice;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FaultInjectionTest {

  private static final long IOVA = 0x100_0000;
  private static final long SIZE = 1 << 16;

  /** The main job, each step of which may be the one that fails. */
  private static void mainJob(SimKernel kernel, PciAddress address, DmaBuffer buffer) {
    try (var iommufd = Iommufd.open(kernel);
        var old = iommufd.newIoas();
        var next = iommufd.newIoas();
        var device = VfioDevice.open(kernel, address)) {
      old.map(buffer.segment(), IOVA, Access.READ_WRITE);
      device.bind(iommufd);
      try (var first = iommufd.newHwpt(device, old);
          var second = iommufd.newHwpt(device, next)) {
        device.attach(first);
        next.map(buffer.segment(), IOVA, Access.READ_WRITE);
        device.replace(second);
        device.replace(old);
        device.detach();
      }
    }
  }

  @ParameterizedTest
  @EnumSource(IommuPreset.class)
  void nothingIsLeftWhicheverPlaceFails(IommuPreset iommu) {
    try (var kernel = SimKernel.on(Machine.named("desk:" + iommu.label()));
        var buffer = DmaBuffer.allocate(kernel, SIZE)) {
      PciAddress address = kernel.machine().edus().getFirst();
      try (var _ = VfioBinding.bind(kernel, List.of(address))) {
        var group = kernel.control().hardware().group(address);
        Set<ErrnoCode> errnos = new HashSet<>();
        int places =
            kernel
                .control()
                .faults()
                .sweep(() -> {
                  try {
                    mainJob(kernel, address, buffer);
                  } catch (KernelException refused) {
                    errnos.add(refused.errno());
                  }
                  assertEquals(Census.NOTHING, kernel.control().census());
                  assertEquals(group.defaultDomain(), group.domain());
                });
        assertTrue(places > 50, () -> places + " places");
        assertTrue(errnos.containsAll(Set.of(Errno.ENOMEM, Errno.EFAULT)), errnos::toString);
      }
    }
  }

  @Test
  void otherThreadsAreLetBe() {
    try (var kernel = SimKernel.create()) {
      kernel.control().faults().failNth(1);
      CompletableFuture.runAsync(() -> Iommufd.open(kernel).close()).join();
      assertEquals(1, kernel.control().faults().left());
      var refused = assertThrows(KernelException.class, () -> Iommufd.open(kernel));
      assertEquals(Errno.ENOMEM, refused.errno());
      Iommufd.open(kernel).close();
    }
  }

  @Test
  void otherKernelsAreLetBe() {
    try (var kernel = SimKernel.create();
        var other = SimKernel.create()) {
      kernel.control().faults().failNth(1);
      Iommufd.open(other).close();
      assertEquals(1, kernel.control().faults().left());
    }
  }

  @Test
  void aSweepDisarmsWhateverHappens() {
    try (var kernel = SimKernel.create()) {
      var faults = kernel.control().faults();
      assertThrows(
          IllegalStateException.class,
          () ->
              faults.sweep(() -> {
                throw new IllegalStateException("the trial's own");
              }));
      assertEquals(0, faults.left());
      assertThrows(IllegalArgumentException.class, () -> faults.failNth(-1));
    }
  }
}
