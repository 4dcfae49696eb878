// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.kernel;

import io.iommufd4j.bindings.iommufd.iommu_destroy;
import io.iommufd4j.bindings.iommufd.iommu_fault_alloc;
import io.iommufd4j.bindings.iommufd.iommu_hw_info;
import io.iommufd4j.bindings.iommufd.iommu_hw_queue_alloc;
import io.iommufd4j.bindings.iommufd.iommu_hwpt_alloc;
import io.iommufd4j.bindings.iommufd.iommu_hwpt_get_dirty_bitmap;
import io.iommufd4j.bindings.iommufd.iommu_hwpt_invalidate;
import io.iommufd4j.bindings.iommufd.iommu_hwpt_set_dirty_tracking;
import io.iommufd4j.bindings.iommufd.iommu_ioas_alloc;
import io.iommufd4j.bindings.iommufd.iommu_ioas_allow_iovas;
import io.iommufd4j.bindings.iommufd.iommu_ioas_change_process;
import io.iommufd4j.bindings.iommufd.iommu_ioas_copy;
import io.iommufd4j.bindings.iommufd.iommu_ioas_iova_ranges;
import io.iommufd4j.bindings.iommufd.iommu_ioas_map;
import io.iommufd4j.bindings.iommufd.iommu_ioas_map_file;
import io.iommufd4j.bindings.iommufd.iommu_ioas_noiommu_get_pa;
import io.iommufd4j.bindings.iommufd.iommu_ioas_unmap;
import io.iommufd4j.bindings.iommufd.iommu_option;
import io.iommufd4j.bindings.iommufd.iommu_vdevice_alloc;
import io.iommufd4j.bindings.iommufd.iommu_veventq_alloc;
import io.iommufd4j.bindings.iommufd.iommu_vfio_ioas;
import io.iommufd4j.bindings.iommufd.iommu_viommu_alloc;
import io.iommufd4j.bindings.vfio.vfio_device_attach_iommufd_pt;
import io.iommufd4j.bindings.vfio.vfio_device_bind_iommufd;
import io.iommufd4j.bindings.vfio.vfio_device_detach_iommufd_pt;
import io.iommufd4j.bindings.vfio.vfio_device_feature;
import io.iommufd4j.bindings.vfio.vfio_device_gfx_plane_info;
import io.iommufd4j.bindings.vfio.vfio_device_info;
import io.iommufd4j.bindings.vfio.vfio_device_ioeventfd;
import io.iommufd4j.bindings.vfio.vfio_group_status;
import io.iommufd4j.bindings.vfio.vfio_iommu_type1_dirty_bitmap;
import io.iommufd4j.bindings.vfio.vfio_iommu_type1_dma_map;
import io.iommufd4j.bindings.vfio.vfio_iommu_type1_dma_unmap;
import io.iommufd4j.bindings.vfio.vfio_iommu_type1_info;
import io.iommufd4j.bindings.vfio.vfio_irq_info;
import io.iommufd4j.bindings.vfio.vfio_irq_set;
import io.iommufd4j.bindings.vfio.vfio_pci_hot_reset;
import io.iommufd4j.bindings.vfio.vfio_pci_hot_reset_info;
import io.iommufd4j.bindings.vfio.vfio_precopy_info;
import io.iommufd4j.bindings.vfio.vfio_region_info;
import java.lang.foreign.GroupLayout;
import org.jspecify.annotations.Nullable;

/**
 * The struct of each request. A switch and not an argument of each constant: as many method
 * references would be as many classes, made at the start of every short program.
 */
final class RequestStruct {

  private RequestStruct() {}

  /** {@return the layout of a request's struct; null where it has none} */
  static @Nullable GroupLayout of(Request request) {
    return switch (request) {
      case IOMMU_DESTROY -> iommu_destroy.layout();
      case IOMMU_IOAS_ALLOC -> iommu_ioas_alloc.layout();
      case IOMMU_IOAS_ALLOW_IOVAS -> iommu_ioas_allow_iovas.layout();
      case IOMMU_IOAS_COPY -> iommu_ioas_copy.layout();
      case IOMMU_IOAS_IOVA_RANGES -> iommu_ioas_iova_ranges.layout();
      case IOMMU_IOAS_MAP -> iommu_ioas_map.layout();
      case IOMMU_IOAS_UNMAP -> iommu_ioas_unmap.layout();
      case IOMMU_OPTION -> iommu_option.layout();
      case IOMMU_VFIO_IOAS -> iommu_vfio_ioas.layout();
      case IOMMU_HWPT_ALLOC -> iommu_hwpt_alloc.layout();
      case IOMMU_GET_HW_INFO -> iommu_hw_info.layout();
      case IOMMU_HWPT_SET_DIRTY_TRACKING -> iommu_hwpt_set_dirty_tracking.layout();
      case IOMMU_HWPT_GET_DIRTY_BITMAP -> iommu_hwpt_get_dirty_bitmap.layout();
      case IOMMU_HWPT_INVALIDATE -> iommu_hwpt_invalidate.layout();
      case IOMMU_FAULT_QUEUE_ALLOC -> iommu_fault_alloc.layout();
      case IOMMU_IOAS_MAP_FILE -> iommu_ioas_map_file.layout();
      case IOMMU_VIOMMU_ALLOC -> iommu_viommu_alloc.layout();
      case IOMMU_VDEVICE_ALLOC -> iommu_vdevice_alloc.layout();
      case IOMMU_IOAS_CHANGE_PROCESS -> iommu_ioas_change_process.layout();
      case IOMMU_VEVENTQ_ALLOC -> iommu_veventq_alloc.layout();
      case IOMMU_HW_QUEUE_ALLOC -> iommu_hw_queue_alloc.layout();
      case IOMMU_IOAS_NOIOMMU_GET_PA -> iommu_ioas_noiommu_get_pa.layout();
      case VFIO_DEVICE_GET_INFO -> vfio_device_info.layout();
      case VFIO_DEVICE_GET_REGION_INFO -> vfio_region_info.layout();
      case VFIO_DEVICE_GET_IRQ_INFO -> vfio_irq_info.layout();
      case VFIO_DEVICE_SET_IRQS -> vfio_irq_set.layout();
      case VFIO_DEVICE_GET_PCI_HOT_RESET_INFO -> vfio_pci_hot_reset_info.layout();
      case VFIO_DEVICE_PCI_HOT_RESET -> vfio_pci_hot_reset.layout();
      case VFIO_DEVICE_QUERY_GFX_PLANE -> vfio_device_gfx_plane_info.layout();
      case VFIO_DEVICE_IOEVENTFD -> vfio_device_ioeventfd.layout();
      case VFIO_DEVICE_FEATURE -> vfio_device_feature.layout();
      case VFIO_DEVICE_BIND_IOMMUFD -> vfio_device_bind_iommufd.layout();
      case VFIO_DEVICE_ATTACH_IOMMUFD_PT -> vfio_device_attach_iommufd_pt.layout();
      case VFIO_DEVICE_DETACH_IOMMUFD_PT -> vfio_device_detach_iommufd_pt.layout();
      case VFIO_MIG_GET_PRECOPY_INFO -> vfio_precopy_info.layout();
      case VFIO_GROUP_GET_STATUS -> vfio_group_status.layout();
      case VFIO_IOMMU_GET_INFO -> vfio_iommu_type1_info.layout();
      case VFIO_IOMMU_MAP_DMA -> vfio_iommu_type1_dma_map.layout();
      case VFIO_IOMMU_UNMAP_DMA -> vfio_iommu_type1_dma_unmap.layout();
      case VFIO_IOMMU_DIRTY_PAGES -> vfio_iommu_type1_dirty_bitmap.layout();
      default -> null;
    };
  }
}
