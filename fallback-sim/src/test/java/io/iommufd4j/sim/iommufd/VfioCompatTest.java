// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd;

import static io.iommufd4j.sim.iommufd.Bench.PAGE;
import static io.iommufd4j.sim.iommufd.Bench.refused;
import static io.iommufd4j.sim.iommufd.Bench.succeeded;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.bindings.vfio.vfio_iommu_type1_dma_map;
import io.iommufd4j.bindings.vfio.vfio_iommu_type1_dma_unmap;
import io.iommufd4j.bindings.vfio.vfio_iommu_type1_info;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.driver.IommuPreset;
import io.iommufd4j.sim.iommu.IommuGroup;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VfioCompatTest {

  private final Bench bench = new Bench();

  @AfterEach
  void close() {
    bench.close();
  }

  private int compatible() {
    int ioas = bench.ioas();
    Ioas object = bench.context.objects().get(ioas, Ioas.class);
    bench.context.compatibleIoas(object);
    bench.context.objects().put(object);
    return ioas;
  }

  private int map(long address, long length, long iova) {
    return map(vfio_h.VFIO_DMA_MAP_FLAG_READ(), address, length, iova);
  }

  private int map(int flags, long address, long length, long iova) {
    MemorySegment block = bench.block(vfio_iommu_type1_dma_map.sizeof());
    vfio_iommu_type1_dma_map.flags(block, flags);
    vfio_iommu_type1_dma_map.vaddr(block, address);
    vfio_iommu_type1_dma_map.size(block, length);
    vfio_iommu_type1_dma_map.iova(block, iova);
    return bench.call(vfio_h.VFIO_IOMMU_MAP_DMA(), block);
  }

  private long unmap(long iova, long length, int flags, int answer) {
    MemorySegment block = bench.block(vfio_iommu_type1_dma_unmap.sizeof());
    vfio_iommu_type1_dma_unmap.flags(block, flags);
    vfio_iommu_type1_dma_unmap.iova(block, iova);
    vfio_iommu_type1_dma_unmap.size(block, length);
    assertEquals(answer, bench.call(vfio_h.VFIO_IOMMU_UNMAP_DMA(), block));
    return vfio_iommu_type1_dma_unmap.size(block);
  }

  @Test
  void withoutAnIoasThereIsNoDevice() {
    assertEquals(0, bench.call(vfio_h.VFIO_GET_API_VERSION(), 0));
    assertEquals(1, bench.call(vfio_h.VFIO_CHECK_EXTENSION(), vfio_h.VFIO_TYPE1_IOMMU()));
    assertEquals(0, bench.call(vfio_h.VFIO_CHECK_EXTENSION(), 12345));
    refused(Errno.ENODEV, bench.call(vfio_h.VFIO_CHECK_EXTENSION(), vfio_h.VFIO_DMA_CC_IOMMU()));
    refused(Errno.ENODEV, bench.call(vfio_h.VFIO_SET_IOMMU(), vfio_h.VFIO_TYPE1v2_IOMMU()));
    refused(Errno.EINVAL, bench.call(vfio_h.VFIO_SET_IOMMU(), 0));
    refused(Errno.ENODEV, map(bench.pages(1), PAGE, 0));
    refused(Errno.ENOTTY, bench.call(vfio_h.VFIO_IOMMU_DIRTY_PAGES(), 0));
    refused(Errno.EFAULT, bench.call(vfio_h.VFIO_IOMMU_MAP_DMA(), 0));
  }

  @Test
  void type1UnmapsInsideAMapping() {
    int ioas = compatible();
    succeeded(bench.call(vfio_h.VFIO_SET_IOMMU(), vfio_h.VFIO_TYPE1_IOMMU()));
    bench.boundDevice().attach(IommuGroup.NO_PASID, ioas);
    succeeded(map(bench.pages(8), 8L * PAGE, 0x10_0000));
    assertEquals(2L * PAGE, unmap(0x10_2000, 2L * PAGE, 0, 0));
    assertEquals(6L * PAGE, bench.accounting.pinnedBytes());
    assertEquals(0, unmap(0x10_2000, 2L * PAGE, 0, 0));
    assertEquals(6L * PAGE, unmap(0, 0, vfio_h.VFIO_DMA_UNMAP_FLAG_ALL(), 0));
    assertEquals(0, bench.accounting.pinnedBytes());
  }

  @Test
  void type1v2UnmapsWholeMappings() {
    compatible();
    succeeded(bench.call(vfio_h.VFIO_SET_IOMMU(), vfio_h.VFIO_TYPE1v2_IOMMU()));
    succeeded(map(bench.pages(4), 4L * PAGE, 0x10_0000));
    succeeded(map(bench.pages(4), 4L * PAGE, 0x10_4000));
    assertEquals(4L * PAGE, unmap(0x10_0000, 6L * PAGE, 0, Errno.ENOENT.negated()));
    unmap(1, 0, vfio_h.VFIO_DMA_UNMAP_FLAG_ALL(), Errno.EINVAL.negated());
  }

  @ParameterizedTest
  @CsvSource({"VTD, -22", "AMD, -22", "SMMUV3, -22", "VIRTIO, 0"})
  void whatNobodyMayAccessMapsWhereThePageTableCanSaySo(IommuPreset preset, int answer) {
    int ioas = compatible();
    long memory = bench.pages(1);
    succeeded(map(0, memory, PAGE, 0));
    unmap(0, PAGE, 0, 0);
    bench.bind(bench.group(preset.driver(false), 1).getFirst()).attach(IommuGroup.NO_PASID, ioas);
    assertEquals(answer, map(0, memory, PAGE, 0));
    bench.unmapAll(ioas);
  }

  @Test
  void infoCarriesTwoCapabilities() {
    int ioas = compatible();
    bench.boundDevice().attach(IommuGroup.NO_PASID, ioas);
    MemorySegment block = bench.arena.allocate(256, 8);
    vfio_iommu_type1_info.argsz(block, 24);
    succeeded(bench.call(vfio_h.VFIO_IOMMU_GET_INFO(), block));
    assertEquals(24 + 16 + 16 + 32, vfio_iommu_type1_info.argsz(block));
    assertEquals(0, vfio_iommu_type1_info.cap_offset(block));
    succeeded(bench.call(vfio_h.VFIO_IOMMU_GET_INFO(), block));
    assertEquals(24, vfio_iommu_type1_info.cap_offset(block));
    assertEquals(3, vfio_iommu_type1_info.flags(block));
    assertEquals(4L << 10 | 2L << 20 | 1L << 30, vfio_iommu_type1_info.iova_pgsizes(block));
    assertEquals(40, block.get(ValueLayout.JAVA_INT, 24 + 4));
    assertEquals(-1, block.get(ValueLayout.JAVA_INT, 24 + 8));
    assertEquals(2, block.get(ValueLayout.JAVA_INT, 40 + 8));
    assertEquals(0x7ff_ffffL, block.get(ValueLayout.JAVA_LONG, 40 + 16 + 8));
  }
}
