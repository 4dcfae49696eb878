// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.vfio;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.vfio.Interrupts.BOOL;
import static io.iommufd4j.conformance.vfio.Interrupts.ERROR;
import static io.iommufd4j.conformance.vfio.Interrupts.EVENTFD;
import static io.iommufd4j.conformance.vfio.Interrupts.INTX;
import static io.iommufd4j.conformance.vfio.Interrupts.MASK;
import static io.iommufd4j.conformance.vfio.Interrupts.MSI;
import static io.iommufd4j.conformance.vfio.Interrupts.MSIX;
import static io.iommufd4j.conformance.vfio.Interrupts.NONE;
import static io.iommufd4j.conformance.vfio.Interrupts.REQUEST;
import static io.iommufd4j.conformance.vfio.Interrupts.TRIGGER;
import static io.iommufd4j.conformance.vfio.Interrupts.UNMASK;
import static io.iommufd4j.kernel.Errno.EBADF;
import static io.iommufd4j.kernel.Errno.EFAULT;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENOTTY;
import static io.iommufd4j.kernel.Errno.ERANGE;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.bindings.pci.pci_h;
import io.iommufd4j.conformance.BoundDevice;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.Needs;
import io.iommufd4j.conformance.OpenDevice;
import io.iommufd4j.conformance.OpenEventFd;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.kernel.Request;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** MSI, and the two interrupts that VFIO makes up: error and device request. */
@Conformance
final class MessageInterruptTest {

  private static final int WORD = 2;
  private static final int MSI_FLAGS = 0x42;

  private static Interrupts device(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    OpenDevice device = bound.device();
    // Behind an SMMUv3 a message is translated like any other write.
    ok(device.attach(bound.ioas()));
    device.config(
        pci_h.PCI_COMMAND(), WORD, pci_h.PCI_COMMAND_MEMORY() | pci_h.PCI_COMMAND_MASTER());
    var irqs = new Interrupts(device);
    irqs.acknowledge(-1);
    test.keep(() -> irqs.acknowledge(-1));
    return irqs;
  }

  @Test
  void everyMessageIsCounted(KernelUnderTest test) {
    Interrupts irqs = device(test);
    OpenEventFd counter = test.eventFd();
    ok(irqs.setFds(TRIGGER, MSI, 0, counter.fd()));
    irqs.raise(1);
    assertEquals(1, counter.await());
    irqs.raise(1);
    assertEquals(1, counter.await(), "an edge each time");
    assertEquals(0, irqs.device().config(pci_h.PCI_STATUS(), WORD) & Interrupts.STATUS_INTERRUPT);
  }

  @Test
  void messageIsAWriteThatNeedsBusMastering(KernelUnderTest test) {
    Interrupts irqs = device(test);
    OpenEventFd counter = test.eventFd();
    ok(irqs.setFds(TRIGGER, MSI, 0, counter.fd()));
    irqs.device().config(pci_h.PCI_COMMAND(), WORD, pci_h.PCI_COMMAND_MEMORY());
    irqs.raise(1);
    assertEquals(0, counter.count());
    irqs.device()
        .config(pci_h.PCI_COMMAND(), WORD, pci_h.PCI_COMMAND_MEMORY() | pci_h.PCI_COMMAND_MASTER());
    assertEquals(0, counter.count(), "it was lost");
    irqs.raise(1);
    assertEquals(1, counter.await());
  }

  @Test
  void userSpaceRaisesItForATry(KernelUnderTest test) {
    Interrupts irqs = device(test);
    OpenEventFd counter = test.eventFd();
    ok(irqs.setFds(TRIGGER, MSI, 0, counter.fd()));
    ok(irqs.set(TRIGGER, MSI, 0, 1));
    ok(irqs.setBools(TRIGGER, MSI, 0, 1));
    ok(irqs.setBools(TRIGGER, MSI, 0, 0));
    assertEquals(2, counter.count());
    ok(irqs.setFds(TRIGGER, MSI, 0, -1));
    ok(irqs.set(TRIGGER, MSI, 0, 1));
    assertEquals(0, counter.count());
    irqs.raise(1);
    assertEquals(0, counter.count());
    ok(irqs.setFds(TRIGGER, MSI, 0, counter.fd()));
    irqs.raise(1);
    assertEquals(1, counter.await());
    ok(irqs.set(TRIGGER, MSI, 0, 0));
    refused(EINVAL, irqs.set(TRIGGER, MSI, 0, 1));
    refused(EINVAL, irqs.set(TRIGGER, MSI, 0, 0));
  }

  @Test
  void badDescriptorLeavesNothingSetUp(KernelUnderTest test) {
    Interrupts irqs = device(test);
    int fd = test.eventFd().fd();
    refused(EBADF, irqs.setFds(TRIGGER, MSI, 0, 1000));
    refused(EINVAL, irqs.setFds(TRIGGER, MSI, 0, test.memfd(1)));
    refused(EINVAL, irqs.set(TRIGGER, MSI, 0, 1));
    ok(irqs.setFds(TRIGGER, INTX, 0, fd));
    ok(irqs.set(TRIGGER, INTX, 0, 0));
    ok(irqs.setFds(TRIGGER, MSI, 0, fd));
    refused(EBADF, irqs.setFds(TRIGGER, MSI, 0, 1000));
    ok(irqs.set(TRIGGER, MSI, 0, 1));
    ok(irqs.set(TRIGGER, MSI, 0, 0));
  }

  @Test
  void enableBitFollowsTheRequest(KernelUnderTest test) {
    Interrupts irqs = device(test);
    OpenDevice device = irqs.device();
    int enable = pci_h.PCI_MSI_FLAGS_ENABLE();
    device.config(MSI_FLAGS, WORD, enable);
    assertEquals(0, device.config(MSI_FLAGS, WORD) & enable, "SET_IRQS enables it");
    OpenEventFd counter = test.eventFd();
    ok(irqs.setFds(TRIGGER, MSI, 0, counter.fd()));
    assertEquals(0, device.config(MSI_FLAGS, WORD) & enable, "and that is not shown");
    device.config(MSI_FLAGS, WORD, 0);
    irqs.raise(1);
    assertEquals(0, counter.count(), "but user space can switch it off");
    irqs.acknowledge(1);
    device.config(MSI_FLAGS, WORD, enable);
    assertEquals(enable, device.config(MSI_FLAGS, WORD) & enable);
    irqs.raise(1);
    assertEquals(1, counter.await());
  }

  @Test
  void vectorsThatAreNotThereAreInvalid(KernelUnderTest test) {
    Interrupts irqs = device(test);
    int fd = test.eventFd().fd();
    refused(EINVAL, irqs.setFds(TRIGGER, MSI, 1, fd));
    refused(EINVAL, irqs.setFds(TRIGGER, MSI, 0, fd, fd));
    refused(EINVAL, irqs.setFds(TRIGGER, MSIX, 0, fd));
    refused(EINVAL, irqs.set(TRIGGER, MSIX, 0, 0));
    refused(EINVAL, irqs.set(TRIGGER, MSI, 0, -1));
    refused(EINVAL, irqs.set(TRIGGER, MSI, -1, 1));
    refused(EINVAL, irqs.set(TRIGGER, 5, 0, 0));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 4})
  void onlyLegacyInterruptsAreMasked(int index, KernelUnderTest test) {
    if (index == ERROR) {
      Needs.ERROR_INTERRUPT_OF_EVERY_FUNCTION.of(test);
    }
    Interrupts irqs = device(test);
    refused(ENOTTY, irqs.set(MASK, index, 0, 1));
    refused(ENOTTY, irqs.set(UNMASK, index, 0, 1));
    refused(ENOTTY, irqs.device().ioctl(irqs.block(NONE | MASK | TRIGGER, index, 0, 1)));
    refused(ENOTTY, irqs.device().ioctl(irqs.block(NONE, index, 0, 1)));
  }

  @Test
  void blockIsCheckedFirst(KernelUnderTest test) {
    Interrupts irqs = device(test);
    OpenDevice device = irqs.device();
    refused(EINVAL, device.ioctl(irqs.block(NONE | TRIGGER, MSI, 0, 0).size(19)));
    refused(EINVAL, device.ioctl(irqs.block(TRIGGER, MSI, 0, 0)));
    refused(EINVAL, device.ioctl(irqs.block(NONE | BOOL | TRIGGER, MSI, 0, 1, (byte) 1)));
    refused(EINVAL, device.ioctl(irqs.block(NONE | EVENTFD | TRIGGER, MSI, 0, 1, new byte[4])));
    refused(EINVAL, device.ioctl(irqs.block(NONE | TRIGGER | 0x40, MSI, 0, 1)));
    refused(EINVAL, device.ioctl(irqs.block(EVENTFD | TRIGGER, MSI, 0, 1, new byte[3])));
    refused(EINVAL, device.ioctl(irqs.block(BOOL | TRIGGER, MSI, 0, 1)));
    refused(
        EFAULT,
        device.ioctl(
            Request.VFIO_DEVICE_SET_IRQS.number(), MemorySegment.ofAddress(test.badAddress())));
    refused(EINVAL, device.ioctl(irqs.block(BOOL | TRIGGER, MSI, 0, 0)));
    // It comes down to an allocation of at least one vector and at most none.
    refused(ERANGE, irqs.setFds(TRIGGER, MSI, 0));
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 4})
  void errorAndRequestAreCountedInOneEventFdEach(int index, KernelUnderTest test) {
    if (index == ERROR) {
      Needs.ERROR_INTERRUPT_OF_EVERY_FUNCTION.of(test);
    }
    Interrupts irqs = device(test);
    OpenEventFd counter = test.eventFd();
    refused(EINVAL, irqs.set(TRIGGER, index, 0, 1));
    refused(EINVAL, irqs.set(TRIGGER, index, 0, 0));
    ok(irqs.setBools(TRIGGER, index, 0, 1));
    refused(EINVAL, irqs.setFds(TRIGGER, index, 0));
    refused(EINVAL, irqs.device().ioctl(irqs.block(BOOL | TRIGGER, index, 0, 0)));
    refused(EBADF, irqs.setFds(TRIGGER, index, 0, 1000));
    refused(EINVAL, irqs.setFds(TRIGGER, index, 0, -2));
    refused(EINVAL, irqs.setFds(TRIGGER, index, 0, test.memfd(1)));
    ok(irqs.setFds(TRIGGER, index, 0, counter.fd()));
    ok(irqs.set(TRIGGER, index, 0, 1));
    ok(irqs.setBools(TRIGGER, index, 0, 1));
    ok(irqs.setBools(TRIGGER, index, 0, 0));
    assertEquals(2, counter.count());
    ok(irqs.setFds(TRIGGER, index, 0, -1));
    refused(EINVAL, irqs.set(TRIGGER, index, 0, 1));
    ok(irqs.setFds(TRIGGER, index, 0, counter.fd()));
    ok(irqs.set(TRIGGER, index, 0, 0));
    refused(EINVAL, irqs.set(TRIGGER, index, 0, 0));
  }

  @Test
  void allKindsButMessagesStandSideBySide(KernelUnderTest test) {
    Needs.ERROR_INTERRUPT_OF_EVERY_FUNCTION.of(test);
    Interrupts irqs = device(test);
    int fd = test.eventFd().fd();
    ok(irqs.setFds(TRIGGER, MSI, 0, fd));
    ok(irqs.setFds(TRIGGER, ERROR, 0, fd));
    ok(irqs.setFds(TRIGGER, REQUEST, 0, fd));
    refused(EINVAL, irqs.setFds(TRIGGER, INTX, 0, fd));
  }
}
