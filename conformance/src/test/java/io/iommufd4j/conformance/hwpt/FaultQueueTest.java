// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.hwpt;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.kernel.Errno.EBUSY;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.RequestBlock;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.kernel.Request;
import org.junit.jupiter.api.Test;

/** {@code IOMMU_FAULT_QUEUE_ALLOC}: an object with a descriptor of its own. */
@Conformance
final class FaultQueueTest {

  @Test
  void queueLivesWithItsDescriptor(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    RequestBlock block = iommufd.block(Request.IOMMU_FAULT_QUEUE_ALLOC);
    ok(iommufd.ioctl(block));
    int id = (int) block.get("out_fault_id");
    int fd = (int) block.get("out_fault_fd");
    assertEquals(1, id);
    refused(EBUSY, iommufd.destroy(id));
    ok(test.kernel().close(fd));
    ok(iommufd.destroy(id));
  }
}
