// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.vfio;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.Answers.same;
import static io.iommufd4j.conformance.vfio.Interrupts.MSI;
import static io.iommufd4j.conformance.vfio.Interrupts.TRIGGER;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.bindings.pci.pci_h;
import io.iommufd4j.conformance.BoundDevice;
import io.iommufd4j.conformance.DriverAnswers;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenEventFd;
import io.iommufd4j.conformance.UserPages;
import io.iommufd4j.conformance.extension.Conformance;
import org.junit.jupiter.api.Test;

/**
 * Interrupt messages arrive while the device's domain changes. Behind an SMMUv3 they are translated
 * like any other write: the kernel maps the page that takes them in each domain the device comes
 * to.
 */
@Conformance
final class TranslatedMessageTest {

  private static final int WORD = 2;

  private static Interrupts master(KernelUnderTest test, BoundDevice bound) {
    bound
        .device()
        .config(pci_h.PCI_COMMAND(), WORD, pci_h.PCI_COMMAND_MEMORY() | pci_h.PCI_COMMAND_MASTER());
    var irqs = new Interrupts(bound.device());
    irqs.acknowledge(-1);
    test.keep(() -> irqs.acknowledge(-1));
    return irqs;
  }

  @Test
  void arriveInEachDomainTheDeviceComesTo(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    Interrupts irqs = master(test, bound);
    OpenEventFd counter = test.eventFd();
    ok(bound.device().attach(bound.ioas()));
    ok(irqs.setFds(TRIGGER, MSI, 0, counter.fd()));
    irqs.raise(1);
    assertEquals(1, counter.await());
    ok(bound.device().attach(bound.ioas()));
    irqs.raise(1);
    assertEquals(1, counter.await(), "after a replace");
    ok(bound.device().attach(bound.hwpt(bound.ioas())));
    irqs.raise(1);
    assertEquals(1, counter.await(), "after one to a HWPT that was there");
    ok(bound.device().detach());
    ok(bound.device().attach(bound.ioas()));
    irqs.raise(1);
    assertEquals(1, counter.await(), "after an attach");
  }

  @Test
  void ofADetachedDeviceArriveWhereTheyAreNotTranslated(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    Interrupts irqs = master(test, bound);
    OpenEventFd counter = test.eventFd();
    ok(bound.device().attach(bound.ioas()));
    ok(irqs.setFds(TRIGGER, MSI, 0, counter.fd()));
    ok(bound.device().detach());
    irqs.raise(1);
    same(DriverAnswers.of(test, "messages of a detached device"), counter.count());
    ok(bound.device().attach(bound.ioas()));
    irqs.raise(1);
    assertEquals(1, counter.await());
  }

  @Test
  void pageStaysInAHwptThatTheDeviceLeft(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    Interrupts irqs = master(test, bound);
    UserPages pages = test.pages(2);
    long window = test.machine().reservedIova();
    int ioas = bound.ioas();
    int hwpt = bound.hwpt(ioas);
    ok(bound.device().attach(hwpt));
    ok(irqs.setFds(TRIGGER, MSI, 0, test.eventFd().fd()));
    refused(EINVAL, bound.iommufd().mapFixed(ioas, pages.address(), UserPages.PAGE, window));
    ok(bound.device().detach());
    same(
        DriverAnswers.of(test, "MAP where messages went"),
        bound.iommufd().mapFixed(ioas, pages.address(), UserPages.PAGE, window));
    ok(bound.iommufd().mapFixed(ioas, pages.address(), UserPages.PAGE, window - UserPages.PAGE));
    ok(bound.iommufd().destroy(hwpt));
    ok(bound.iommufd().mapFixed(ioas, pages.address(), UserPages.PAGE, window + UserPages.PAGE));
  }
}
