package io.iommufd4j.conformance.vfio;

import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_IRQ_SET_ACTION_TRIGGER;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_PCI_MSI_IRQ_INDEX;
import static io.iommufd4j.conformance.Answers.same;

import io.iommufd4j.conformance.Conformance;
import io.iommufd4j.conformance.DriverAnswers;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OnSimulatedKernelsOnly;
import org.junit.jupiter.api.Test;

/**
 * Messages of a device that no HWPT is attached to. Seen on Linux with SMMUv3 too, but not tried
 * there again: its interrupt controller's driver then warns and never has a message for the device
 * any more.
 */
@Conformance
@OnSimulatedKernelsOnly
final class UntranslatedMessageTest {

  @Test
  void translatedMessagesNeedADomain(KernelUnderTest test) {
    var irqs = new Interrupts(test.bound(test.machine().lone().getFirst()).device());
    same(
        DriverAnswers.of(test.machine().iommu(), "SET_IRQS of messages without attachment"),
        irqs.setFds(
            VFIO_IRQ_SET_ACTION_TRIGGER(), VFIO_PCI_MSI_IRQ_INDEX(), 0, test.eventFd().fd()));
  }
}
