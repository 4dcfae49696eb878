// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommu;

import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.BackingFile;
import java.lang.foreign.MemorySegment;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** A virtual IOMMU as its driver sees it ({@code struct iommufd_viommu}). */
public interface ViommuCore {

  /** {@code iommufd_viommu_find_dev}: the device that the guest calls by a number. */
  @Nullable IommuDevice findDevice(long virtualId);

  /** {@code iommufd_viommu_get_vdev_id}: what the guest calls a device, if it has it. */
  OptionalLong virtualId(IommuDevice device);

  /**
   * {@code iommufd_viommu_report_event}: puts an event into the queue of its type, or a mark that
   * events were lost when the queue is full.
   *
   * @param type {@code enum iommu_veventq_type}
   * @throws Refused EOPNOTSUPP when user space has no queue of that type
   */
  void reportEvent(int type, MemorySegment event);

  /**
   * {@code iommufd_viommu_alloc_mmap}: lets user space map an area of registers.
   *
   * @param bytes a multiple of the page size
   * @return the offset to map at
   * @throws Refused EINVAL for no bytes or a part of a page
   */
  long allocMmap(BackingFile area, long bytes);

  /**
   * {@code iommufd_viommu_destroy_mmap}: nobody has it mapped any more, and nobody will.
   *
   * @param offset what {@link #allocMmap} returned
   */
  void freeMmap(long offset);
}
