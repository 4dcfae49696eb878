// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.vfio;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.bindings.vfio.vfio_info_cap_header;
import io.iommufd4j.bindings.vfio.vfio_region_info;
import io.iommufd4j.bindings.vfio.vfio_region_info_cap_sparse_mmap;
import io.iommufd4j.bindings.vfio.vfio_region_info_cap_type;
import io.iommufd4j.bindings.vfio.vfio_region_sparse_mmap_area;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;

/** Chains as kernels make them, and as no kernel should. */
class CapabilityChainTest {

  private static final int FIRST = (int) vfio_region_info.sizeof();
  private static final int UNKNOWN = 4711;

  private final Arena arena = Arena.ofAuto();
  private final MemorySegment block = arena.allocate(128, Long.BYTES);

  @Test
  void aChainThatIsNotThereIsEmpty() {
    assertEquals(List.of(), CapabilityDecoder.ofRegion(block, 0));
  }

  @Test
  void aChainIsReadInItsOrder() {
    header(FIRST, vfio_h.VFIO_REGION_INFO_CAP_TYPE(), FIRST + 48);
    vfio_region_info_cap_type.type(block.asSlice(FIRST), 7);
    vfio_region_info_cap_type.subtype(block.asSlice(FIRST), 9);
    header(FIRST + 48, vfio_h.VFIO_REGION_INFO_CAP_MSIX_MAPPABLE(), FIRST + 16);
    header(FIRST + 16, UNKNOWN, 0);
    assertEquals(
        List.of(
            new InfoCapability.RegionType(7, 9),
            new InfoCapability.MsixMappable(),
            new InfoCapability.Other(UNKNOWN, 1)),
        CapabilityDecoder.ofRegion(block, FIRST));
  }

  @Test
  void areasOfASparseRegionAreRead() {
    sparse(2);
    assertEquals(
        List.of(
            new InfoCapability.SparseMmap(
                List.of(
                    new InfoCapability.Area(0, 0x1000), new InfoCapability.Area(0x3000, 0x10)))),
        CapabilityDecoder.ofRegion(block, FIRST));
  }

  @Test
  void areasBeyondTheBlockAreNotThere() {
    sparse(-1);
    var sparse = (InfoCapability.SparseMmap) CapabilityDecoder.ofRegion(block, FIRST).getFirst();
    assertEquals((block.byteSize() - FIRST - 16) / 16, sparse.areas().size());
  }

  @Test
  void aChainThatTurnsBackEndsThere() {
    header(FIRST, UNKNOWN, FIRST + 8);
    header(FIRST + 8, UNKNOWN + 1, FIRST);
    assertEquals(
        List.of(new InfoCapability.Other(UNKNOWN, 1), new InfoCapability.Other(UNKNOWN + 1, 1)),
        CapabilityDecoder.ofRegion(block, FIRST));
    header(FIRST, UNKNOWN, FIRST);
    assertEquals(1, CapabilityDecoder.ofRegion(block, FIRST).size());
  }

  @Test
  void aChainThatLeavesTheBlockEndsThere() {
    for (int beyond : new int[] {124, 128, 1 << 20, Integer.MAX_VALUE, -1, -8}) {
      header(FIRST, UNKNOWN, beyond);
      assertEquals(1, CapabilityDecoder.ofRegion(block, FIRST).size());
      assertEquals(List.of(), CapabilityDecoder.ofRegion(block, beyond));
    }
  }

  @Test
  void aCapabilityThatIsCutOffIsNotDecoded() {
    int last = (int) block.byteSize() - 8;
    header(last, vfio_h.VFIO_REGION_INFO_CAP_SPARSE_MMAP(), 0);
    assertEquals(
        List.of(new InfoCapability.Other(vfio_h.VFIO_REGION_INFO_CAP_SPARSE_MMAP(), 1)),
        CapabilityDecoder.ofRegion(block, last));
    header(last, vfio_h.VFIO_DEVICE_INFO_CAP_PCI_ATOMIC_COMP(), 0);
    assertEquals(
        List.of(new InfoCapability.Other(vfio_h.VFIO_DEVICE_INFO_CAP_PCI_ATOMIC_COMP(), 1)),
        CapabilityDecoder.ofDevice(block, last));
  }

  @Test
  void anyBytesAtAllComeToAnEnd() {
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(20261122);
    for (int round = 0; round < 20_000; round++) {
      MemorySegment any = block.asSlice(0, random.nextInt((int) block.byteSize() + 1));
      for (long at = 0; at < any.byteSize(); at++) {
        // Small numbers make offsets that lead back into the block.
        any.set(
            ValueLayout.JAVA_BYTE, at, (byte) (random.nextInt(4) == 0 ? random.nextInt(128) : 0));
      }
      int first = random.nextInt(140);
      int regions = CapabilityDecoder.ofRegion(any, first).size();
      assertEquals(regions, CapabilityDecoder.ofDevice(any, first).size());
    }
  }

  private void sparse(int told) {
    header(FIRST, vfio_h.VFIO_REGION_INFO_CAP_SPARSE_MMAP(), 0);
    MemorySegment sparse = block.asSlice(FIRST);
    vfio_region_info_cap_sparse_mmap.nr_areas(sparse, told);
    MemorySegment areas = sparse.asSlice(vfio_region_info_cap_sparse_mmap.sizeof());
    vfio_region_sparse_mmap_area.size(areas, 0x1000);
    MemorySegment second = vfio_region_sparse_mmap_area.asSlice(areas, 1);
    vfio_region_sparse_mmap_area.offset(second, 0x3000);
    vfio_region_sparse_mmap_area.size(second, 0x10);
  }

  private void header(int at, int id, int next) {
    MemorySegment header = block.asSlice(at);
    vfio_info_cap_header.id(header, (short) id);
    vfio_info_cap_header.version(header, (short) 1);
    vfio_info_cap_header.next(header, next);
  }
}
