// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.vfio;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.vfio.Interrupts.INTX;
import static io.iommufd4j.conformance.vfio.Interrupts.MASK;
import static io.iommufd4j.conformance.vfio.Interrupts.MSI;
import static io.iommufd4j.conformance.vfio.Interrupts.NONE;
import static io.iommufd4j.conformance.vfio.Interrupts.TRIGGER;
import static io.iommufd4j.conformance.vfio.Interrupts.UNMASK;
import static io.iommufd4j.kernel.Errno.EBADF;
import static io.iommufd4j.kernel.Errno.EBUSY;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENOTTY;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.bindings.pci.pci_h;
import io.iommufd4j.conformance.BoundDevice;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenDevice;
import io.iommufd4j.conformance.OpenEventFd;
import io.iommufd4j.conformance.extension.Conformance;
import org.junit.jupiter.api.Test;

/** INTx: a level, masked when it is delivered, until user space unmasks it. */
@Conformance
final class LegacyInterruptTest {

  private static final int WORD = 2;

  private static Interrupts device(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    OpenDevice device = bound.device();
    // Behind an SMMUv3 a message is translated like any other write.
    ok(device.attach(bound.ioas()));
    device.config(pci_h.PCI_COMMAND(), WORD, pci_h.PCI_COMMAND_MEMORY());
    var irqs = new Interrupts(device);
    irqs.acknowledge(-1);
    test.keep(() -> irqs.acknowledge(-1));
    return irqs;
  }

  @Test
  void interruptIsCountedAndMasked(KernelUnderTest test) {
    Interrupts irqs = device(test);
    OpenEventFd counter = test.eventFd();
    ok(irqs.setFds(TRIGGER, INTX, 0, counter.fd()));
    assertEquals(0, counter.count());
    irqs.raise(1);
    assertEquals(1, counter.await());
    irqs.raise(2);
    assertEquals(3, irqs.raised());
    assertEquals(0, counter.count(), "it is masked");
    irqs.acknowledge(-1);
    ok(irqs.set(UNMASK, INTX, 0, 1));
    assertEquals(0, counter.count());
    irqs.raise(4);
    assertEquals(1, counter.await());
  }

  @Test
  void unmaskingAPendingInterruptCountsItAgain(KernelUnderTest test) {
    Interrupts irqs = device(test);
    OpenEventFd counter = test.eventFd();
    ok(irqs.setFds(TRIGGER, INTX, 0, counter.fd()));
    irqs.raise(1);
    assertEquals(1, counter.await());
    ok(irqs.set(UNMASK, INTX, 0, 1));
    assertEquals(1, counter.await());
    ok(irqs.setBools(UNMASK, INTX, 0, 1));
    assertEquals(1, counter.await());
    ok(irqs.setBools(UNMASK, INTX, 0, 0));
    assertEquals(0, counter.count());
  }

  @Test
  void statusShowsThePin(KernelUnderTest test) {
    Interrupts irqs = device(test);
    int bit = Interrupts.STATUS_INTERRUPT;
    assertEquals(0, irqs.device().config(pci_h.PCI_STATUS(), WORD) & bit);
    irqs.raise(1);
    assertEquals(bit, irqs.device().config(pci_h.PCI_STATUS(), WORD) & bit);
    irqs.acknowledge(1);
    assertEquals(0, irqs.device().config(pci_h.PCI_STATUS(), WORD) & bit);
  }

  @Test
  void maskedInterruptWaits(KernelUnderTest test) {
    Interrupts irqs = device(test);
    OpenEventFd counter = test.eventFd();
    ok(irqs.setFds(TRIGGER, INTX, 0, counter.fd()));
    ok(irqs.set(MASK, INTX, 0, 1));
    ok(irqs.setBools(MASK, INTX, 0, 1));
    irqs.raise(1);
    assertEquals(0, counter.count());
    ok(irqs.setBools(MASK, INTX, 0, 0));
    ok(irqs.set(UNMASK, INTX, 0, 1));
    assertEquals(1, counter.await());
    refused(ENOTTY, irqs.setFds(MASK, INTX, 0, test.eventFd().fd()));
    refused(ENOTTY, irqs.setFds(MASK, INTX, 0, -1));
  }

  @Test
  void eventFdUnmasks(KernelUnderTest test) {
    Interrupts irqs = device(test);
    OpenEventFd counter = test.eventFd();
    OpenEventFd unmask = test.eventFd();
    ok(irqs.setFds(TRIGGER, INTX, 0, counter.fd()));
    ok(irqs.setFds(UNMASK, INTX, 0, unmask.fd()));
    refused(EBUSY, irqs.setFds(UNMASK, INTX, 0, test.eventFd().fd()));
    irqs.raise(1);
    assertEquals(1, counter.await());
    unmask.signal();
    assertEquals(1, counter.await());
    assertEquals(0, unmask.count(), "the kernel takes what is counted there");
    irqs.acknowledge(1);
    unmask.signal();
    irqs.raise(1);
    assertEquals(1, counter.await());
    ok(irqs.setFds(UNMASK, INTX, 0, -1));
    unmask.signal();
    assertEquals(0, counter.count());
    assertEquals(1, unmask.count(), "nobody else takes it any more");
  }

  @Test
  void eventFdThatHasCountedUnmasksAtOnce(KernelUnderTest test) {
    Interrupts irqs = device(test);
    OpenEventFd counter = test.eventFd();
    ok(irqs.setFds(TRIGGER, INTX, 0, counter.fd()));
    irqs.raise(1);
    assertEquals(1, counter.await());
    OpenEventFd unmask = test.eventFd(3);
    ok(irqs.setFds(UNMASK, INTX, 0, unmask.fd()));
    assertEquals(1, counter.await());
    assertEquals(3, unmask.count(), "what was there before stays there");
  }

  @Test
  void closedEventFdUnmasksNoMore(KernelUnderTest test) {
    Interrupts irqs = device(test);
    OpenEventFd unmask = test.eventFd();
    ok(irqs.setFds(TRIGGER, INTX, 0, test.eventFd().fd()));
    ok(irqs.setFds(UNMASK, INTX, 0, unmask.fd()));
    unmask.close();
    ok(irqs.setFds(UNMASK, INTX, 0, test.eventFd().fd()));
  }

  @Test
  void userSpaceRaisesItForATry(KernelUnderTest test) {
    Interrupts irqs = device(test);
    OpenEventFd counter = test.eventFd();
    ok(irqs.setFds(TRIGGER, INTX, 0, counter.fd()));
    ok(irqs.set(TRIGGER, INTX, 0, 1));
    ok(irqs.set(TRIGGER, INTX, 0, 1));
    ok(irqs.setBools(TRIGGER, INTX, 0, 1));
    ok(irqs.setBools(TRIGGER, INTX, 0, 0));
    assertEquals(3, counter.count());
  }

  @Test
  void triggerCanBeChangedAndTakenAway(KernelUnderTest test) {
    Interrupts irqs = device(test);
    OpenEventFd first = test.eventFd();
    OpenEventFd second = test.eventFd();
    ok(irqs.setFds(TRIGGER, INTX, 0, first.fd()));
    ok(irqs.setFds(TRIGGER, INTX, 0, second.fd()));
    ok(irqs.set(TRIGGER, INTX, 0, 1));
    assertEquals(0, first.count());
    assertEquals(1, second.count());
    ok(irqs.setFds(TRIGGER, INTX, 0, -1));
    ok(irqs.set(TRIGGER, INTX, 0, 1));
    assertEquals(0, second.count());
    ok(irqs.setFds(TRIGGER, INTX, 0, first.fd()));
    ok(irqs.set(TRIGGER, INTX, 0, 0));
    refused(EINVAL, irqs.set(TRIGGER, INTX, 0, 1));
    refused(EINVAL, irqs.set(TRIGGER, INTX, 0, 0));
    ok(irqs.setFds(TRIGGER, INTX, 0, -1));
    ok(irqs.setFds(TRIGGER, INTX, 0, first.fd()));
  }

  @Test
  void onlyEventFdsWillDo(KernelUnderTest test) {
    Interrupts irqs = device(test);
    refused(EBADF, irqs.setFds(TRIGGER, INTX, 0, 1000));
    refused(EINVAL, irqs.setFds(TRIGGER, INTX, 0, test.memfd(1)));
    refused(EINVAL, irqs.set(TRIGGER, INTX, 0, 1));
    ok(irqs.setFds(TRIGGER, INTX, 0, -5));
    refused(EBADF, irqs.setFds(UNMASK, INTX, 0, 1000));
    refused(EINVAL, irqs.setFds(UNMASK, INTX, 0, test.memfd(1)));
    refused(EBADF, irqs.setFds(TRIGGER, INTX, 0, 1000));
    ok(irqs.set(TRIGGER, INTX, 0, 1));
  }

  @Test
  void nothingIsMaskedBeforeItIsSetUp(KernelUnderTest test) {
    Interrupts irqs = device(test);
    refused(EINVAL, irqs.set(MASK, INTX, 0, 1));
    refused(EINVAL, irqs.set(UNMASK, INTX, 0, 1));
    refused(EINVAL, irqs.setFds(UNMASK, INTX, 0, -1));
  }

  @Test
  void oneKindOfInterruptAtATime(KernelUnderTest test) {
    Interrupts irqs = device(test);
    int fd = test.eventFd().fd();
    ok(irqs.setFds(TRIGGER, INTX, 0, fd));
    refused(EINVAL, irqs.setFds(TRIGGER, MSI, 0, fd));
    ok(irqs.set(TRIGGER, INTX, 0, 0));
    ok(irqs.setFds(TRIGGER, MSI, 0, fd));
    refused(EINVAL, irqs.setFds(TRIGGER, INTX, 0, fd));
    refused(EINVAL, irqs.set(UNMASK, INTX, 0, 1));
  }

  @Test
  void commandRegisterMasksToo(KernelUnderTest test) {
    Interrupts irqs = device(test);
    OpenEventFd counter = test.eventFd();
    ok(irqs.setFds(TRIGGER, INTX, 0, counter.fd()));
    int memory = pci_h.PCI_COMMAND_MEMORY();
    int disabled = memory | pci_h.PCI_COMMAND_INTX_DISABLE();
    irqs.device().config(pci_h.PCI_COMMAND(), WORD, disabled);
    assertEquals(disabled, irqs.device().config(pci_h.PCI_COMMAND(), WORD));
    irqs.raise(1);
    assertEquals(0, counter.count());
    ok(irqs.set(TRIGGER, INTX, 0, 1));
    assertEquals(0, counter.count(), "not even for a try");
    ok(irqs.set(UNMASK, INTX, 0, 1));
    assertEquals(0, counter.count());
    irqs.device().config(pci_h.PCI_COMMAND(), WORD, memory);
    assertEquals(1, counter.await());
    assertEquals(memory, irqs.device().config(pci_h.PCI_COMMAND(), WORD));
  }

  @Test
  void closeEndsIt(KernelUnderTest test) {
    Interrupts first = device(test);
    OpenEventFd counter = test.eventFd();
    ok(first.setFds(TRIGGER, INTX, 0, counter.fd()));
    first.set(TRIGGER, INTX, 0, 1);
    assertEquals(1, counter.count());
    refused(EINVAL, first.device().ioctl(first.block(NONE | TRIGGER, INTX, 1, 1)));
  }
}
