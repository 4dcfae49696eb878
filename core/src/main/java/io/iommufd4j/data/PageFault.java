// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.data;

import io.iommufd4j.bindings.iommufd.iommu_hwpt_pgfault;
import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.uapi.DeviceId;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/**
 * A page that a device asks for ({@code struct iommu_hwpt_pgfault}).
 *
 * @param address that the device used, unsigned
 * @param permissions what it wants to do there
 * @param length bytes that the device will want next; 0 when it does not say
 */
public record PageFault(long address, Set<FaultPermission> permissions, int length) {

  /** Copies the set. */
  public PageFault {
    permissions = Set.copyOf(permissions);
  }

  /**
   * Pages that a device asks for together, and gets one answer for.
   *
   * @param cookie by which the kernel knows the group until it is answered
   * @param device the one that asks
   * @param pasid the PASID that it asks for; empty for the device as such
   * @param index the device's own number of the group
   * @param faults one or more
   */
  public record Group(
      int cookie, DeviceId device, OptionalInt pasid, int index, List<PageFault> faults) {

    /** Copies the list. */
    public Group {
      faults = List.copyOf(faults);
    }

    /**
     * {@return the groups in what was read from a queue}
     *
     * @param records whole groups
     */
    public static List<Group> of(MemorySegment records) {
      var groups = new ArrayList<Group>();
      var faults = new ArrayList<PageFault>();
      for (long at = 0; at < records.byteSize(); at += iommu_hwpt_pgfault.sizeof()) {
        MemorySegment record = records.asSlice(at, iommu_hwpt_pgfault.sizeof());
        faults.add(
            new PageFault(
                iommu_hwpt_pgfault.addr(record),
                FaultPermission.of(iommu_hwpt_pgfault.perm(record)),
                iommu_hwpt_pgfault.length(record)));
        int flags = iommu_hwpt_pgfault.flags(record);
        if ((flags & iommufd_h.IOMMU_PGFAULT_FLAGS_LAST_PAGE()) != 0) {
          boolean withPasid = (flags & iommufd_h.IOMMU_PGFAULT_FLAGS_PASID_VALID()) != 0;
          groups.add(
              new Group(
                  iommu_hwpt_pgfault.cookie(record),
                  new DeviceId(iommu_hwpt_pgfault.dev_id(record)),
                  withPasid
                      ? OptionalInt.of(iommu_hwpt_pgfault.pasid(record))
                      : OptionalInt.empty(),
                  iommu_hwpt_pgfault.grpid(record),
                  faults));
          faults.clear();
        }
      }
      return groups;
    }
  }
}
