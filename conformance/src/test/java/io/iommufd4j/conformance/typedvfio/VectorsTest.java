// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.typedvfio;

import static io.iommufd4j.conformance.typedvfio.Refusal.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.Needs;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.event.EventFd;
import io.iommufd4j.event.EventFdRef;
import io.iommufd4j.event.Events;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.vfio.interrupt.DeviceInterrupts;
import io.iommufd4j.vfio.interrupt.IrqInfo;
import io.iommufd4j.vfio.interrupt.PciIrq;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** MSI, errors and requests by the typed API, and who owns their eventfds. */
@Conformance
final class VectorsTest {

  private static final Duration LONG = Duration.ofSeconds(20);

  @Test
  void deviceDescribesItsInterrupts(KernelUnderTest test) {
    DeviceInterrupts interrupts = EduDevice.of(test).device().interrupts();
    IrqInfo line = interrupts.info(PciIrq.INTX);
    assertEquals(1, line.count());
    assertTrue(line.eventfd() && line.maskable() && line.autoMasked());
    IrqInfo messages = interrupts.info(PciIrq.MSI);
    assertEquals(1, messages.count());
    assertTrue(messages.noResize());
    assertFalse(messages.maskable());
    assertEquals(0, interrupts.info(PciIrq.MSIX).count());
  }

  @Test
  void everyMessageIsCounted(KernelUnderTest test) {
    EduDevice edu = EduDevice.of(test);
    try (var messages = edu.device().interrupts().open(PciIrq.MSI, 1)) {
      assertEquals(1, messages.size());
      edu.raise(1);
      assertEquals(1, messages.vector(0).await(LONG));
      edu.raise(2);
      var events = Events.on(test.kernel());
      var done = events.watch(messages.vector(0));
      assertEquals(1, events.await(LONG));
      assertTrue(done.readable());
      messages.raise(0);
      assertEquals(2, messages.vector(0).take());
    }
  }

  @Test
  void closeGivesTheDeviceBackForAnotherKind(KernelUnderTest test) {
    EduDevice edu = EduDevice.of(test);
    DeviceInterrupts interrupts = edu.device().interrupts();
    var messages = interrupts.open(PciIrq.MSI, 1);
    EventFdRef counter = messages.vector(0);
    var second = refused(Errno.EINVAL, () -> interrupts.open(PciIrq.INTX, 1));
    assertTrue(second.hint().contains("another of INTX, MSI and MSIX"), second.hint());
    messages.close();
    messages.close();
    assertThrows(IllegalStateException.class, counter::take);
    interrupts.open(PciIrq.INTX, 1).close();
  }

  @Test
  void vectorsThatAreNotThereAreNamed(KernelUnderTest test) {
    DeviceInterrupts interrupts = EduDevice.of(test).device().interrupts();
    var many = refused(Errno.EINVAL, () -> interrupts.open(PciIrq.MSI, 2));
    assertEquals("the device has 1 of MSI", many.hint());
    var none = refused(Errno.EINVAL, () -> interrupts.open(PciIrq.MSIX, 1));
    assertEquals("the device has 0 of MSIX", none.hint());
    assertThrows(IllegalArgumentException.class, () -> interrupts.open(PciIrq.MSI, 0));
    assertThrows(IllegalArgumentException.class, () -> interrupts.raise(PciIrq.MSI, 0, 0));
  }

  /** A message is an edge: Linux keeps one that came before anybody was there to take it. */
  @Test
  void messageBeforeTheFirstEventFdIsKept(KernelUnderTest test) {
    EduDevice edu = EduDevice.of(test);
    DeviceInterrupts interrupts = edu.device().interrupts();
    try (var event = EventFd.create(test.kernel())) {
      interrupts.connect(PciIrq.MSI, 0, new EventFdRef[] {null});
      edu.raise(1);
      edu.raise(1);
      interrupts.raise(PciIrq.MSI, 0, 1);
      interrupts.connect(PciIrq.MSI, 0, event);
      assertEquals(1, event.await(LONG));
      edu.raise(1);
      assertEquals(1, event.await(LONG));
    }
  }

  @Test
  void messageOfADisconnectedVectorIsLost(KernelUnderTest test) {
    EduDevice edu = EduDevice.of(test);
    DeviceInterrupts interrupts = edu.device().interrupts();
    try (var event = EventFd.create(test.kernel())) {
      interrupts.connect(PciIrq.MSI, 0, event);
      interrupts.disconnect(PciIrq.MSI, 0, 1);
      edu.raise(1);
      interrupts.raise(PciIrq.MSI, 0, 1);
      interrupts.connect(PciIrq.MSI, 0, event);
      assertEquals(0, event.take());
      edu.raise(1);
      assertEquals(1, event.await(LONG));
      interrupts.disable(PciIrq.MSI);
      refused(Errno.EINVAL, () -> interrupts.raise(PciIrq.MSI, 0, 1));
    }
  }

  /** The counter ends where a signal has nothing left to add, which only the kernel gets to. */
  @Test
  void counterThatAnInterruptFillsIsInError(KernelUnderTest test) {
    DeviceInterrupts interrupts = EduDevice.of(test).device().interrupts();
    try (var messages = interrupts.open(PciIrq.MSI, 1)) {
      messages.vector(0).signal(-2);
      messages.raise(0);
      var events = Events.on(test.kernel());
      var watch = events.watch(messages.vector(0));
      assertEquals(1, events.await(LONG));
      assertTrue(watch.failed());
      assertEquals(-1, messages.vector(0).take());
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"ERROR", "REQUEST"})
  void errorAndRequestStandBesideTheOthers(PciIrq irq, KernelUnderTest test) {
    if (irq == PciIrq.ERROR) {
      Needs.ERROR_INTERRUPT_OF_EVERY_FUNCTION.of(test);
    }
    DeviceInterrupts interrupts = EduDevice.of(test).device().interrupts();
    try (var messages = interrupts.open(PciIrq.MSI, 1);
        var reported = interrupts.open(irq, 1)) {
      reported.raise(0);
      interrupts.raise(irq, 0, new boolean[] {true});
      assertEquals(2, reported.vector(0).take());
      assertEquals(0, messages.vector(0).take());
    }
    refused(Errno.EINVAL, () -> interrupts.raise(irq, 0, 1));
  }

  @Test
  void closedDeviceHasEndedItsInterrupts(KernelUnderTest test) {
    EduDevice edu = EduDevice.of(test);
    var messages = edu.device().interrupts().open(PciIrq.MSI, 1);
    edu.device().close();
    messages.close();
  }

  @Test
  void kindThatSomebodyElseDisabledIsReported(KernelUnderTest test) {
    DeviceInterrupts interrupts = EduDevice.of(test).device().interrupts();
    var messages = interrupts.open(PciIrq.MSI, 1);
    interrupts.disable(PciIrq.MSI);
    refused(Errno.EINVAL, messages::close);
    messages.close();
  }

  @Test
  void descriptorOfAnotherFileIsRefused(KernelUnderTest test) {
    DeviceInterrupts interrupts = EduDevice.of(test).device().interrupts();
    EventFdRef none = EventFdRef.of(test.kernel(), test.memfd(1));
    refused(Errno.EINVAL, () -> interrupts.connect(PciIrq.MSI, 0, none));
    var closed = EventFd.create(test.kernel());
    EventFdRef gone = EventFdRef.of(test.kernel(), closed.fd());
    closed.close();
    var bad = refused(Errno.EBADF, () -> interrupts.connect(PciIrq.MSI, 0, gone));
    assertEquals("an eventfd is closed", bad.hint());
  }
}
