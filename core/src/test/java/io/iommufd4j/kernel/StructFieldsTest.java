// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.bindings.iommufd.iommu_hw_info;
import io.iommufd4j.bindings.iommufd.iommu_ioas_map;
import io.iommufd4j.bindings.iommufd.iommu_ioas_map_file;
import io.iommufd4j.bindings.vfio.vfio_irq_set;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;

class StructFieldsTest {

  private final Arena arena = Arena.ofAuto();

  @Test
  void fieldsComeInTheStructsOrderWithAddressesAndFlagsInHexadecimal() {
    MemorySegment map = iommu_ioas_map.allocate(arena);
    iommu_ioas_map.size(map, 40);
    iommu_ioas_map.flags(map, 7);
    iommu_ioas_map.ioas_id(map, 12);
    iommu_ioas_map.iova(map, 0xfee0_0000L);
    assertEquals(
        "[size=40, flags=0x7, ioas_id=12, __reserved=0, user_va=0x0, length=0x0, iova=0xfee00000]",
        StructFields.read(iommu_ioas_map.layout(), map).toString());
  }

  @Test
  void aDescriptorMayBeNegativeAndAnIdMayNot() {
    MemorySegment map = iommu_ioas_map_file.allocate(arena);
    iommu_ioas_map_file.fd(map, -1);
    iommu_ioas_map_file.ioas_id(map, -1);
    var fields = StructFields.read(iommu_ioas_map_file.layout(), map);
    assertEquals(new TraceField("ioas_id", "4294967295"), fields.get(2));
    assertEquals(new TraceField("fd", "-1"), fields.get(3));
  }

  @Test
  void anUnnamedUnionIsReadOnceAndAnArrayByElement() {
    MemorySegment info = iommu_hw_info.allocate(arena);
    iommu_hw_info.out_data_type(info, 1);
    iommu_hw_info.out_max_pasid_log2(info, (byte) 0xff);
    var names =
        StructFields.read(iommu_hw_info.layout(), info).stream().map(TraceField::toString).toList();
    assertEquals(
        List.of(
            "in_data_type=1",
            "out_max_pasid_log2=255",
            "__reserved[0]=0",
            "__reserved[1]=0",
            "__reserved[2]=0",
            "out_capabilities=0x0"),
        names.subList(5, names.size()));
  }

  @Test
  void aBlockThatIsTooShortGivesTheFieldsItHolds() {
    MemorySegment map = iommu_ioas_map.allocate(arena).asSlice(0, 10);
    assertEquals(2, StructFields.read(iommu_ioas_map.layout(), map).size());
    assertEquals(
        List.of(), StructFields.read(iommu_ioas_map.layout(), MemorySegment.ofAddress(1L)));
  }

  @Test
  void aFlexibleArrayHasNoElementsOfItsOwn() {
    MemorySegment set = arena.allocate(64);
    assertEquals(5, StructFields.read(vfio_irq_set.layout(), set).size());
  }

  @Test
  void onlyWhatChangedIsTold() {
    MemorySegment map = iommu_ioas_map.allocate(arena);
    var before = StructFields.read(iommu_ioas_map.layout(), map);
    iommu_ioas_map.iova(map, 0x1000);
    var after = StructFields.read(iommu_ioas_map.layout(), map);
    assertEquals(List.of(new TraceField("iova", "0x1000")), StructFields.changed(before, after));
  }
}
