// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.objects;

import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HWPT_FAULT_ID_VALID;
import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.same;

import io.iommufd4j.conformance.BoundDevice;
import io.iommufd4j.conformance.DriverAnswers;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.conformance.selftest.driver.ObjectRequests;
import org.junit.jupiter.api.Test;

/** HWPTs with fault queues where devices do not ask for pages. */
@Conformance
final class RealDriverTest {

  @Test
  void deviceWithoutPageRequestsMeetsAFaultQueue(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    var objects = new ObjectRequests(bound.iommufd());
    ObjectRequests.Queue queue = objects.faultQueue();
    new QueueFd(test, queue);
    int ioas = bound.ioas();
    int flags = IOMMU_HWPT_FAULT_ID_VALID();
    int hwpt = objects.hwpt(bound.id(), ioas, flags, queue.id(), 0, ObjectRequests.NO_DATA, 0);
    int expected = DriverAnswers.of(test, "HWPT_ALLOC FAULT_ID_VALID");
    if (expected < 0) {
      same(expected, hwpt);
      return;
    }
    ok(hwpt);
    expected = DriverAnswers.of(test, "ATTACH to a HWPT with a fault queue");
    int answer = bound.device().attach(hwpt);
    same(expected == 0 ? hwpt : expected, answer);
  }
}
