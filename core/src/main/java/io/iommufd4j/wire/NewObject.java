// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.wire;

import io.iommufd4j.bindings.iommufd.iommu_fault_alloc;
import io.iommufd4j.bindings.iommufd.iommu_hw_queue_alloc;
import io.iommufd4j.bindings.iommufd.iommu_hwpt_alloc;
import io.iommufd4j.bindings.iommufd.iommu_ioas_alloc;
import io.iommufd4j.bindings.iommufd.iommu_vdevice_alloc;
import io.iommufd4j.bindings.iommufd.iommu_veventq_alloc;
import io.iommufd4j.bindings.iommufd.iommu_viommu_alloc;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.uapi.EventQueueId;
import io.iommufd4j.uapi.FaultQueueId;
import io.iommufd4j.uapi.HwQueueId;
import io.iommufd4j.uapi.HwptId;
import io.iommufd4j.uapi.IoasId;
import io.iommufd4j.uapi.ObjectId;
import io.iommufd4j.uapi.VdeviceId;
import io.iommufd4j.uapi.ViommuId;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** Reads which object a request has made. */
public final class NewObject {

  private NewObject() {}

  /**
   * {@return the object that a request has made; empty for a request that makes none}
   *
   * @param request that the kernel has answered with 0
   * @param block its struct
   */
  public static Optional<ObjectId> of(Request request, MemorySegment block) {
    return Optional.ofNullable(
        switch (request) {
          case IOMMU_IOAS_ALLOC -> new IoasId(iommu_ioas_alloc.out_ioas_id(block));
          case IOMMU_HWPT_ALLOC -> new HwptId(iommu_hwpt_alloc.out_hwpt_id(block));
          case IOMMU_FAULT_QUEUE_ALLOC -> new FaultQueueId(iommu_fault_alloc.out_fault_id(block));
          case IOMMU_VIOMMU_ALLOC -> new ViommuId(iommu_viommu_alloc.out_viommu_id(block));
          case IOMMU_VDEVICE_ALLOC -> new VdeviceId(iommu_vdevice_alloc.out_vdevice_id(block));
          case IOMMU_VEVENTQ_ALLOC -> new EventQueueId(iommu_veventq_alloc.out_veventq_id(block));
          case IOMMU_HW_QUEUE_ALLOC -> new HwQueueId(iommu_hw_queue_alloc.out_hw_queue_id(block));
          default -> null;
        });
  }
}
