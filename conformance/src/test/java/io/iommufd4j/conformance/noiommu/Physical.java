// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.noiommu;

import io.iommufd4j.conformance.Answers;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.RequestBlock;
import io.iommufd4j.kernel.Request;

/**
 * The result of {@code IOMMU_IOAS_NOIOMMU_GET_PA} for an IOVA.
 *
 * @param address physical address of the byte there
 * @param bytes the number from there on, of those that were asked for, that are contiguous
 */
record Physical(long address, long bytes) {

  static RequestBlock block(OpenIommufd iommufd, int ioas, long iova, long bytes) {
    return iommufd
        .block(Request.IOMMU_IOAS_NOIOMMU_GET_PA)
        .set("ioas_id", ioas)
        .set("iova", iova)
        .set("length", bytes);
  }

  /** The answer, which must not be a refusal. */
  static Physical of(OpenIommufd iommufd, int ioas, long iova, long bytes) {
    RequestBlock block = block(iommufd, ioas, iova, bytes);
    Answers.ok(iommufd.ioctl(block));
    return new Physical(block.get("out_phys"), block.get("length"));
  }

  /** 0 or −errno. */
  static int answer(OpenIommufd iommufd, int ioas, long iova, long bytes) {
    return iommufd.ioctl(block(iommufd, ioas, iova, bytes));
  }
}
