// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommu;

import io.iommufd4j.sim.iommu.hardware.PageRequest;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * Page requests of a device whose group is not complete yet ({@code iommu_fault_param::partial}).
 */
final class PartialRequests {

  private final List<PageRequest> waiting = new ArrayList<>();

  /** {@code report_partial_fault}. */
  synchronized void add(PageRequest request) {
    waiting.add(request);
  }

  /** {@code iopf_group_alloc}: a group's last request came; it leaves with those before it. */
  synchronized List<PageRequest> complete(PageRequest last) {
    List<PageRequest> group = new ArrayList<>(1);
    for (Iterator<PageRequest> each = waiting.iterator(); each.hasNext(); ) {
      PageRequest request = each.next();
      if (request.groupId() == last.groupId()) {
        group.add(request);
        each.remove();
      }
    }
    group.add(last);
    return group;
  }
}
