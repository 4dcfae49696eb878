// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.nesting;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.vfio.Interrupts.MSI;
import static io.iommufd4j.conformance.vfio.Interrupts.TRIGGER;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.bindings.pci.pci_h;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenDevice;
import io.iommufd4j.conformance.OpenEventFd;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.conformance.vfio.Interrupts;
import org.junit.jupiter.api.Test;

/** Interrupt messages of a guest's device: they go through both stages as any other write. */
@Conformance
@OnVirtualSmmus
final class GuestMessageTest {

  private static final long TRANSLATION = 0x10;
  private static final long INPUT = 2L << 40;

  /** {@code GITS_TRANSLATER} in the page that the kernel maps. */
  private static final long REGISTER = 0x40;

  private static Interrupts master(KernelUnderTest test, OpenDevice device) {
    device.config(pci_h.PCI_COMMAND(), 2, pci_h.PCI_COMMAND_MEMORY() | pci_h.PCI_COMMAND_MASTER());
    var irqs = new Interrupts(device);
    irqs.acknowledge(-1);
    test.keep(() -> irqs.acknowledge(-1));
    return irqs;
  }

  @Test
  void guestThatTranslatesNothingGetsThem(KernelUnderTest test) {
    Guest guest = Guest.of(test);
    OpenDevice device = guest.bound().device();
    Interrupts irqs = master(test, device);
    OpenEventFd counter = test.eventFd();
    ok(device.attach(ok(guest.nested(FirstStage.VALID | FirstStage.BYPASS, 0))));
    ok(irqs.setFds(TRIGGER, MSI, 0, counter.fd()));
    irqs.raise(1);
    assertEquals(1, counter.await());
  }

  @Test
  void guestThatDoesNotMapTheirPageHearsOfIt(KernelUnderTest test) {
    Guest guest = Guest.of(test);
    OpenDevice device = guest.bound().device();
    Interrupts irqs = master(test, device);
    OpenEventFd counter = test.eventFd();
    ok(guest.takeDevice());
    var _ = new FirstStage(guest);
    ok(device.attach(ok(guest.nested(FirstStage.entry(), 0))));
    GuestEvents events = GuestEvents.of(guest, 4);
    ok(irqs.setFds(TRIGGER, MSI, 0, counter.fd()));
    irqs.raise(1);
    long page = test.machine().reservedIova();
    events.expect(0, TRANSLATION | Guest.STREAM << 32, INPUT, page + REGISTER, 0);
    assertEquals(0, counter.count());
    ok(device.attach(guest.parent()));
    irqs.raise(1);
    assertEquals(1, counter.await());
  }
}
