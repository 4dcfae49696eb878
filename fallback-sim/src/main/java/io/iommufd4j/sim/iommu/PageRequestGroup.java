// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommu;

import io.iommufd4j.sim.iommu.hardware.PageRequest;
import java.util.List;

/**
 * Page requests that a device wants one answer to ({@code struct iopf_group}).
 *
 * @param device that asks
 * @param handle of the attachment that its DMA went through
 * @param requests in the order they came, the last one last
 */
public record PageRequestGroup(
    IommuDevice device, AttachHandle handle, List<PageRequest> requests) {

  /**
   * {@code iopf_group_response}.
   *
   * @param code {@code IOMMUFD_PAGE_RESP_*}
   */
  public void respond(int code) {
    device.driver().pageResponse(device, requests.getLast(), code);
  }
}
