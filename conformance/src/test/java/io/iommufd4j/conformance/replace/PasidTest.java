// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.replace;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.Answers.same;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENOENT;

import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.conformance.BoundDevice;
import io.iommufd4j.conformance.DriverAnswers;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.Needs;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.kernel.Request;
import org.junit.jupiter.api.Test;

/** PASIDs on devices that have none, as every device in the lab is. */
@Conformance
final class PasidTest {

  @Test
  void deviceWithoutPasidsRefusesThem(KernelUnderTest test) {
    Needs.PASIDS.of(test);
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    int ioas = bound.ioas();
    same(
        DriverAnswers.of(test, "ATTACH of a PASID"),
        bound.device().attachPasid(1, bound.hwpt(ioas)));
    refused(ENOENT, bound.device().attachPasid(1, 1000));
  }

  @Test
  void nothingIsAttachedToDetach(KernelUnderTest test) {
    Needs.PASIDS.of(test);
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    ok(
        bound
            .device()
            .ioctl(
                bound
                    .device()
                    .block(Request.VFIO_DEVICE_DETACH_IOMMUFD_PT)
                    .set("flags", vfio_h.VFIO_DEVICE_DETACH_PASID())
                    .set("pasid", 1)));
  }

  @Test
  void blockMustReachThePasid(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    int hwpt = bound.hwpt(bound.ioas());
    var attach =
        bound
            .device()
            .block(Request.VFIO_DEVICE_ATTACH_IOMMUFD_PT)
            .set("flags", vfio_h.VFIO_DEVICE_ATTACH_PASID())
            .set("pt_id", hwpt);
    refused(
        EINVAL,
        bound.device().ioctl(attach.size(Request.VFIO_DEVICE_ATTACH_IOMMUFD_PT.minimumBytes())));
  }
}
