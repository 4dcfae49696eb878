// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.selftest.driver;

import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMUFD_PAGE_RESP_SUCCESS;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_PGFAULT_PERM_READ;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_PGFAULT_PERM_WRITE;
import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.same;

import io.iommufd4j.bindings.iommufd.iommu_hwpt_page_response;
import io.iommufd4j.bindings.iommufd.iommu_hwpt_pgfault;
import io.iommufd4j.kernel.Kernel;
import java.lang.foreign.MemorySegment;

/** One page fault of a mock device, from the trigger to the answer. */
public final class PageFaults {

  private static final int GROUP = 2;
  private static final int ACCESS = IOMMU_PGFAULT_PERM_READ() | IOMMU_PGFAULT_PERM_WRITE();
  private static final long ADDRESS = 0xdeadbeafL;

  private PageFaults() {}

  /**
   * A device asks for a page; the fault comes to the queue as it was raised, and is answered.
   *
   * @param queue descriptor of the fault queue
   */
  public static void triggerAndAnswer(SelftestFile file, int device, int pasid, int queue) {
    ok(file.mock().triggerFault(device, pasid, GROUP, ACCESS, ADDRESS));
    Kernel kernel = file.test().kernel();
    MemorySegment fault = file.test().arena().allocate(iommu_hwpt_pgfault.layout());
    same(fault.byteSize(), kernel.read(queue, fault));
    same(device, iommu_hwpt_pgfault.dev_id(fault));
    same(pasid, iommu_hwpt_pgfault.pasid(fault));
    same(GROUP, iommu_hwpt_pgfault.grpid(fault));
    same(ACCESS, iommu_hwpt_pgfault.perm(fault));
    same(ADDRESS, iommu_hwpt_pgfault.addr(fault));

    MemorySegment answer = file.test().arena().allocate(iommu_hwpt_page_response.layout());
    iommu_hwpt_page_response.cookie(answer, iommu_hwpt_pgfault.cookie(fault));
    iommu_hwpt_page_response.code(answer, IOMMUFD_PAGE_RESP_SUCCESS());
    same(answer.byteSize(), kernel.write(queue, answer));
  }
}
