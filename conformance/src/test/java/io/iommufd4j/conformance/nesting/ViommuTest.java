// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.nesting;

import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HWPT_ALLOC_NEST_PARENT;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_VIOMMU_TYPE_ARM_SMMUV3;
import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.Answers.same;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static io.iommufd4j.kernel.Errno.EOPNOTSUPP;

import io.iommufd4j.conformance.BoundDevice;
import io.iommufd4j.conformance.DriverAnswers;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.conformance.selftest.driver.ObjectRequests;
import org.junit.jupiter.api.Test;

/** {@code IOMMU_VIOMMU_ALLOC} on real drivers. */
@Conformance
final class ViommuTest {

  private static final int TYPES = 5;

  @Test
  void onlySomeSmmusHaveVirtualOnes(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    var requests = new ObjectRequests(bound.iommufd());
    int ioas = bound.ioas();
    int parent = bound.iommufd().hwptAlloc(bound.id(), ioas, IOMMU_HWPT_ALLOC_NEST_PARENT());
    int hwpt = parent < 0 ? bound.hwpt(ioas) : parent;
    refused(EOPNOTSUPP, requests.viommu(bound.id(), hwpt, 0, 0, ObjectRequests.NO_DATA));
    for (int type = 1; type < TYPES; type++) {
      int answer = requests.viommu(bound.id(), hwpt, 0, type, ObjectRequests.NO_DATA);
      if (OnVirtualSmmus.KIND.equals(System.getProperty("iommufd4j.iommu"))
          && type == IOMMU_VIOMMU_TYPE_ARM_SMMUV3()) {
        ok(answer);
      } else {
        same(DriverAnswers.of(test, "VIOMMU_ALLOC"), answer);
      }
    }
  }

  @Test
  void deviceIsLookedForFirst(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    var requests = new ObjectRequests(bound.iommufd());
    refused(ENOENT, requests.viommu(1000, 1000, 0, 1, ObjectRequests.NO_DATA));
    refused(EOPNOTSUPP, requests.viommu(bound.id(), 1000, 1, 1, ObjectRequests.NO_DATA));
  }
}
