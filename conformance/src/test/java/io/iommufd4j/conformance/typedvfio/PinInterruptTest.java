// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.typedvfio;

import static io.iommufd4j.conformance.typedvfio.Refusal.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.Needs;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.event.EventFd;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.vfio.interrupt.DeviceInterrupts;
import io.iommufd4j.vfio.interrupt.PciIrq;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** INTx by the typed API: counted, masked by that, and unmasked. */
@Conformance
final class PinInterruptTest {

  private static final Duration LONG = Duration.ofSeconds(20);

  @Test
  void interruptIsCountedOnceUntilItIsUnmasked(KernelUnderTest test) {
    EduDevice edu = EduDevice.of(test);
    try (var line = edu.device().interrupts().open(PciIrq.INTX, 1)) {
      assertEquals(PciIrq.INTX, line.irq());
      edu.raise(1);
      assertEquals(1, line.vector(0).await(LONG));
      edu.raise(2);
      assertEquals(0, line.vector(0).take(), "it is masked");
      line.unmask();
      assertEquals(1, line.vector(0).await(LONG), "it is still asserted");
      edu.acknowledge();
      line.unmask();
      assertEquals(0, line.vector(0).take());
      edu.raise(4);
      assertEquals(1, line.vector(0).await(LONG));
    }
  }

  @Test
  void maskedInterruptIsKeptPending(KernelUnderTest test) {
    EduDevice edu = EduDevice.of(test);
    DeviceInterrupts interrupts = edu.device().interrupts();
    try (var line = interrupts.open(PciIrq.INTX, 1)) {
      interrupts.mask(PciIrq.INTX);
      edu.raise(1);
      assertEquals(0, line.vector(0).take());
      interrupts.unmask(PciIrq.INTX);
      assertEquals(1, line.vector(0).await(LONG));
    }
  }

  @Test
  void eventFdUnmasks(KernelUnderTest test) {
    EduDevice edu = EduDevice.of(test);
    DeviceInterrupts interrupts = edu.device().interrupts();
    try (var line = interrupts.open(PciIrq.INTX, 1);
        var served = EventFd.create(test.kernel());
        var other = EventFd.create(test.kernel())) {
      interrupts.unmaskBy(PciIrq.INTX, served);
      var taken = refused(Errno.EBUSY, () -> interrupts.unmaskBy(PciIrq.INTX, other));
      assertTrue(taken.hint().contains("another eventfd"), taken.hint());
      edu.raise(1);
      assertEquals(1, line.vector(0).await(LONG));
      served.signal();
      assertEquals(1, line.vector(0).await(LONG));
      interrupts.unmaskByNone(PciIrq.INTX);
      served.signal();
      assertEquals(0, line.vector(0).take());
      assertEquals(1, served.take(), "nobody else takes it any more");
      interrupts.unmaskBy(PciIrq.INTX, other);
    }
  }

  @Test
  void programRaisesItToTryIt(KernelUnderTest test) {
    DeviceInterrupts interrupts = EduDevice.of(test).device().interrupts();
    try (var line = interrupts.open(PciIrq.INTX, 1)) {
      line.raise(0);
      interrupts.raise(PciIrq.INTX, 0, new boolean[] {true});
      interrupts.raise(PciIrq.INTX, 0, new boolean[] {false});
      assertEquals(2, line.vector(0).take());
    }
  }

  @Test
  void nothingIsMaskedThatIsNotConnected(KernelUnderTest test) {
    DeviceInterrupts interrupts = EduDevice.of(test).device().interrupts();
    var masked = refused(Errno.EINVAL, () -> interrupts.mask(PciIrq.INTX));
    assertEquals("INTX is not connected", masked.hint());
    refused(Errno.EINVAL, () -> interrupts.unmask(PciIrq.INTX));
    refused(Errno.EINVAL, () -> interrupts.unmaskByNone(PciIrq.INTX));
    refused(Errno.EINVAL, () -> interrupts.disable(PciIrq.INTX));
  }

  @Test
  void otherKindsAreNotMasked(KernelUnderTest test) {
    Needs.ERROR_INTERRUPT_OF_EVERY_FUNCTION.of(test);
    DeviceInterrupts interrupts = EduDevice.of(test).device().interrupts();
    try (var messages = interrupts.open(PciIrq.MSI, 1)) {
      var unmasked = refused(Errno.ENOTTY, messages::unmask);
      assertTrue(unmasked.hint().contains("MSI cannot be masked"), unmasked.hint());
      refused(Errno.ENOTTY, () -> interrupts.mask(PciIrq.MSI));
      refused(Errno.ENOTTY, () -> interrupts.unmaskBy(PciIrq.ERROR, messages.vector(0)));
    }
  }
}
