// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.bindings;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.bindings.AbiManifest.Request;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** No request of Linux 7.3 that a user of iommufd meets is unbound. */
class RequestCoverageTest {

  /** The _IO type that iommufd and VFIO share. */
  private static final int TYPE = ';' << 8;

  private static final int FIRST = 0x80;
  private static final int LAST = 0x95;

  private static final List<String> CONTAINER =
      List.of("VFIO_GET_API_VERSION", "VFIO_CHECK_EXTENSION", "VFIO_SET_IOMMU");

  private static final List<String> GROUP =
      List.of(
          "VFIO_GROUP_GET_STATUS",
          "VFIO_GROUP_SET_CONTAINER",
          "VFIO_GROUP_UNSET_CONTAINER",
          "VFIO_GROUP_GET_DEVICE_FD");

  private static final List<String> DEVICE =
      List.of(
          "VFIO_DEVICE_GET_INFO",
          "VFIO_DEVICE_GET_REGION_INFO",
          "VFIO_DEVICE_GET_IRQ_INFO",
          "VFIO_DEVICE_SET_IRQS",
          "VFIO_DEVICE_RESET",
          "VFIO_DEVICE_GET_PCI_HOT_RESET_INFO",
          "VFIO_DEVICE_PCI_HOT_RESET",
          "VFIO_DEVICE_QUERY_GFX_PLANE",
          "VFIO_DEVICE_GET_GFX_DMABUF",
          "VFIO_DEVICE_IOEVENTFD",
          "VFIO_DEVICE_FEATURE");

  private static final List<String> CDEV =
      List.of(
          "VFIO_DEVICE_BIND_IOMMUFD",
          "VFIO_DEVICE_ATTACH_IOMMUFD_PT",
          "VFIO_DEVICE_DETACH_IOMMUFD_PT");

  private static final List<String> MIGRATION = List.of("VFIO_MIG_GET_PRECOPY_INFO");

  /** The requests that iommufd's VFIO compatibility answers, beside the container's own. */
  private static final List<String> TYPE1 =
      List.of(
          "VFIO_IOMMU_GET_INFO",
          "VFIO_IOMMU_MAP_DMA",
          "VFIO_IOMMU_UNMAP_DMA",
          "VFIO_IOMMU_ENABLE",
          "VFIO_IOMMU_DISABLE",
          "VFIO_IOMMU_DIRTY_PAGES");

  private final AbiManifest manifest = AbiManifest.read();

  @Test
  void theTwentyTwoCommandsOfIommufdFillTheirRange() {
    Set<Integer> bound =
        manifest
            .all(Request.class, "iommufd")
            .map(Request::number)
            .collect(Collectors.toCollection(TreeSet::new));
    Set<Integer> range =
        IntStream.rangeClosed(FIRST, LAST)
            .map(nr -> TYPE | nr)
            .boxed()
            .collect(Collectors.toCollection(TreeSet::new));
    assertEquals(range, bound);
    assertEquals(22, manifest.all(Request.class, "iommufd").count());
  }

  @Test
  void everyRequestOfVfioIsBoundButThoseOfPowersContainer() {
    Set<String> bound =
        manifest
            .all(Request.class, "vfio")
            .map(Request::name)
            .collect(Collectors.toCollection(TreeSet::new));
    Set<String> expected =
        Stream.of(CONTAINER, GROUP, DEVICE, CDEV, MIGRATION, TYPE1)
            .flatMap(List::stream)
            .collect(Collectors.toCollection(TreeSet::new));
    assertEquals(expected, bound);
  }
}
