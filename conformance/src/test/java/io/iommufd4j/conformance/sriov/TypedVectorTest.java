// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.sriov;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.Iommufd;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.event.EventFd;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.vfio.VfioDevice;
import io.iommufd4j.vfio.interrupt.DeviceInterrupts;
import io.iommufd4j.vfio.interrupt.PciIrq;
import java.time.Duration;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** MSI-X by the typed API: several vectors, some without an eventfd. */
@Conformance
@OnSriovMachines
final class TypedVectorTest {

  private static final Duration LONG = Duration.ofSeconds(20);
  private static final int VECTORS = 7;

  private static void physical(KernelUnderTest test, Consumer<DeviceInterrupts> body) {
    PhysicalFunction function = PhysicalFunction.bound(test);
    try (var iommufd = Iommufd.open(test.kernel());
        var device = VfioDevice.open(test.kernel(), function.address())) {
      device.bind(iommufd);
      device.attach(iommufd.newIoas());
      body.accept(device.interrupts());
    }
  }

  @Test
  void eachVectorHasItsEventFd(KernelUnderTest test) {
    physical(
        test,
        interrupts -> {
          assertEquals(VECTORS, interrupts.info(PciIrq.MSIX).count());
          try (var vectors = interrupts.open(PciIrq.MSIX, VECTORS)) {
            vectors.raise(0);
            vectors.raise(VECTORS - 1);
            interrupts.raise(PciIrq.MSIX, 1, new boolean[] {true, false, true});
            for (int i = 0; i < VECTORS; i++) {
              boolean raised = i == 0 || i == 1 || i == 3 || i == VECTORS - 1;
              assertEquals(raised ? 1 : 0, vectors.vector(i).take(), "vector " + i);
            }
          }
        });
  }

  @Test
  void someVectorsHaveNone(KernelUnderTest test) {
    physical(
        test,
        interrupts -> {
          try (var first = EventFd.create(test.kernel());
              var third = EventFd.create(test.kernel())) {
            interrupts.connect(PciIrq.MSIX, 0, first, null, third);
            interrupts.raise(PciIrq.MSIX, 0, 3);
            assertEquals(1, first.await(LONG));
            assertEquals(1, third.await(LONG));
            interrupts.disconnect(PciIrq.MSIX, 0, 2);
            interrupts.raise(PciIrq.MSIX, 0, 3);
            assertEquals(0, first.take());
            assertEquals(1, third.take());
            interrupts.disable(PciIrq.MSIX);
          }
        });
  }

  @Test
  void vectorsBeyondTheTableAreCounted(KernelUnderTest test) {
    physical(
        test,
        interrupts -> {
          var many =
              assertThrows(
                  KernelException.class, () -> interrupts.open(PciIrq.MSIX, VECTORS + 1).close());
          assertEquals(Errno.EINVAL, many.errno());
          assertTrue(many.hint().contains("the device has 7 of MSIX"), many.hint());
        });
  }
}
