// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.vfio;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.same;
import static io.iommufd4j.conformance.vfio.Interrupts.MSI;
import static io.iommufd4j.conformance.vfio.Interrupts.TRIGGER;

import io.iommufd4j.conformance.BoundDevice;
import io.iommufd4j.conformance.DriverAnswers;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.conformance.extension.OnSimulatedKernelsOnly;
import org.junit.jupiter.api.Test;

/**
 * Messages of a device that no HWPT is attached to: what Linux 7.3.4 answered in the lab, kept by
 * the simulated kernel.
 */
@Conformance
@OnSimulatedKernelsOnly
final class UntranslatedMessageTest {

  @Test
  void translatedMessagesNeedADomain(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    var irqs = new Interrupts(bound.device());
    int counter = test.eventFd().fd();
    int answer = DriverAnswers.of(test, "SET_IRQS of messages without attachment");
    same(answer, irqs.setFds(TRIGGER, MSI, 0, counter));
    ok(bound.device().attach(bound.ioas()));
    same(answer, irqs.setFds(TRIGGER, MSI, 0, counter));
  }
}
