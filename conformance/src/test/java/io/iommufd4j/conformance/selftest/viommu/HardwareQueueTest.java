// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.selftest.viommu;

import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HW_QUEUE_TYPE_DEFAULT;
import static io.iommufd4j.bindings.selftest.selftest_h.*;
import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.Answers.same;
import static io.iommufd4j.conformance.selftest.driver.TestMemory.PAGE;
import static io.iommufd4j.kernel.Errno.EBUSY;
import static io.iommufd4j.kernel.Errno.EEXIST;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.EIO;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static io.iommufd4j.kernel.Errno.EOPNOTSUPP;
import static io.iommufd4j.kernel.Errno.EOVERFLOW;

import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.selftest.Counterpart;
import io.iommufd4j.conformance.selftest.Selftest;
import io.iommufd4j.conformance.selftest.driver.ObjectRequests;
import io.iommufd4j.conformance.selftest.viommu.ViommuStart.Variant;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** {@code iommufd_viommu}: queues that the hardware reads from the guest's own memory. */
@Selftest
final class HardwareQueueTest {

  private static final int TYPE = IOMMU_HW_QUEUE_TYPE_SELFTEST();

  @ParameterizedTest(name = "{0}")
  @EnumSource
  @Counterpart("iommufd_viommu.hw_queue")
  void memoryIsHeldWhileTheQueueIs(Variant variant, KernelUnderTest test) {
    ViommuStart start = new ViommuStart(test, variant);
    Assumptions.assumeTrue(variant == Variant.MOCK_VIOMMU, "the kernel's case skips this variant");
    OpenIommufd iommufd = start.file().iommufd();
    ObjectRequests objects = start.objects();
    int viommu = start.viommu();
    long nowhere = MOCK_APERTURE_START();
    int otherType = IOMMU_HW_QUEUE_TYPE_DEFAULT();
    refused(EOPNOTSUPP, objects.hardwareQueue(viommu, otherType, 0, nowhere, PAGE));
    refused(EINVAL, objects.hardwareQueue(viommu, TYPE, 0, nowhere, 0));
    refused(EOVERFLOW, objects.hardwareQueue(viommu, TYPE, 0, -1, PAGE));
    refused(ENOENT, objects.hardwareQueue(viommu, TYPE, 0, nowhere, PAGE));

    long memory = start.file().buffer().address();
    long iova = ok(iommufd.map(start.ioas(), memory, PAGE));
    long other = ok(iommufd.map(start.ioas(), memory + PAGE, PAGE));
    refused(EIO, objects.hardwareQueue(viommu, TYPE, 1, iova, PAGE));
    refused(EINVAL, objects.hardwareQueue(viommu, TYPE, IOMMU_TEST_HW_QUEUE_MAX(), iova, PAGE));

    int first = ok(objects.hardwareQueue(viommu, TYPE, 0, iova, PAGE));
    refused(EEXIST, objects.hardwareQueue(viommu, TYPE, 0, iova, PAGE));
    refused(EBUSY, iommufd.unmap(start.ioas(), iova, PAGE));
    same(PAGE, iommufd.unmap(start.ioas(), other, PAGE));
    int second = ok(objects.hardwareQueue(viommu, TYPE, 1, iova + PAGE / 2, PAGE / 2));
    refused(EBUSY, start.destroy(first));

    ok(start.destroy(second));
    ok(start.destroy(first));
    same(PAGE, iommufd.unmap(start.ioas(), iova, PAGE));
  }
}
