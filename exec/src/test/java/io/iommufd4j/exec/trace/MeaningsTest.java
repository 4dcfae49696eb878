// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.trace;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.kernel.ForeignRequest;
import io.iommufd4j.kernel.Request;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

class MeaningsTest {

  private final Meanings meanings = new Meanings();

  /** A request with one block before it and another after it, in words of 32 bits. */
  private String line(Request request, String path, long result, int[] before, int[] after) {
    ForeignRequest begun =
        ForeignRequest.of(3, path, request.number(), 0x1000, (_, bytes) -> block(before, bytes));
    var event = begun.answered((_, bytes) -> block(after, bytes), result, 5);
    return meanings.named(begun, event).toString();
  }

  private static MemorySegment block(int[] words, long most) {
    MemorySegment block = Arena.ofAuto().allocate((long) words.length * Integer.BYTES, Long.BYTES);
    block.copyFrom(MemorySegment.ofArray(words));
    assertEquals(0, block.get(ValueLayout.JAVA_INT, 0) % Integer.BYTES);
    return block.asSlice(0, Math.min(most, block.byteSize()));
  }

  private String iommufd(Request request, int[] before, int[] after) {
    return line(request, "/dev/iommu", 0, before, after);
  }

  @Test
  void idsAreOfTheKindThatTheirRequestMade() {
    assertEquals(
        "IOMMU_IOAS_ALLOC(fd=3</dev/iommu>, size=12, flags=0x0, out_ioas_id=0) = 0 {out_ioas_id=1 (IOAS)} 5 ns",
        iommufd(Request.IOMMU_IOAS_ALLOC, new int[] {12, 0, 0}, new int[] {12, 0, 1}));
    assertEquals(
        "VFIO_DEVICE_ATTACH_IOMMUFD_PT(fd=3</dev/vfio/devices/vfio0>, argsz=12, flags=0x0, pt_id=1 (IOAS)) = 0"
            + " {pt_id=4 (HWPT)} 5 ns",
        line(
            Request.VFIO_DEVICE_ATTACH_IOMMUFD_PT,
            "/dev/vfio/devices/vfio0",
            0,
            new int[] {12, 0, 1},
            new int[] {12, 0, 4}));
    assertEquals(
        "IOMMU_DESTROY(fd=3</dev/iommu>, size=8, id=4 (HWPT)) = 0 5 ns",
        iommufd(Request.IOMMU_DESTROY, new int[] {8, 4}, new int[] {8, 4}));
    assertEquals(
        "IOMMU_DESTROY(fd=3</dev/iommu>, size=8, id=9) = -1 ENOENT 5 ns",
        line(Request.IOMMU_DESTROY, "/dev/iommu", -2, new int[] {8, 9}, new int[] {8, 9}));
  }
}
