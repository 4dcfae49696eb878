// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.selftest.driver;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.same;

import io.iommufd4j.bindings.iommufd.iommu_hwpt_page_response;
import io.iommufd4j.bindings.iommufd.iommu_hwpt_pgfault;
import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.kernel.Kernel;

/** A page that a device asks for, and the answer of whoever reads the fault queue. */
public final class PageFault {

  /** The PASID of a fault that is not about one in particular. */
  public static final int SOME_PASID = 1;

  private static final int GROUP = 2;
  private static final long ADDRESS = 0xdead_beafL;

  private PageFault() {}

  /**
   * Expects a fault to come through a queue and its answer to be taken.
   *
   * @param fd the queue's descriptor
   */
  public static void raised(SelftestFile file, int device, int pasid, int fd) {
    int permission = iommufd_h.IOMMU_PGFAULT_PERM_READ() | iommufd_h.IOMMU_PGFAULT_PERM_WRITE();
    same(0, file.mock().triggerFault(device, pasid, GROUP, permission, ADDRESS));
    Kernel kernel = file.test().kernel();
    var fault = file.test().arena().allocate(iommu_hwpt_pgfault.layout());
    same(fault.byteSize(), kernel.read(fd, fault));
    var response = file.test().arena().allocate(iommu_hwpt_page_response.layout());
    iommu_hwpt_page_response.code(response, iommufd_h.IOMMUFD_PAGE_RESP_SUCCESS());
    iommu_hwpt_page_response.cookie(response, iommu_hwpt_pgfault.cookie(fault));
    same(response.byteSize(), ok(kernel.write(fd, response)));
  }
}
