// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.hwpt;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.Answers.same;
import static io.iommufd4j.kernel.Errno.EFAULT;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.conformance.BoundDevice;
import io.iommufd4j.conformance.DriverAnswers;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.RequestBlock;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.kernel.Request;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

/** {@code IOMMU_GET_HW_INFO}. */
@Conformance
final class HardwareInfoTest {

  private static final int ROOM = 256;

  @Test
  void driverTellsItsKind(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    RequestBlock block = block(bound, test.arena().allocate(ROOM), ROOM);
    ok(bound.iommufd().ioctl(block));
    assertEquals(DriverAnswers.of(test, "GET_HW_INFO type"), block.get("out_data_type"));
    assertEquals(DriverAnswers.of(test, "GET_HW_INFO length"), block.get("data_len"));
    assertEquals(DriverAnswers.of(test, "GET_HW_INFO capabilities"), block.get("out_capabilities"));
    assertEquals(0, block.get("out_max_pasid_log2"));
  }

  @Test
  void roomThatIsLeftIsZeroed(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    MemorySegment data = test.arena().allocate(ROOM);
    data.fill((byte) 0xff);
    RequestBlock block = block(bound, data, ROOM);
    ok(bound.iommufd().ioctl(block));
    for (long i = block.get("data_len"); i < ROOM; i++) {
      assertEquals(0, data.get(ValueLayout.JAVA_BYTE, i));
    }
  }

  @Test
  void littleRoomGetsTheBeginning(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    MemorySegment whole = test.arena().allocate(ROOM);
    ok(bound.iommufd().ioctl(block(bound, whole, ROOM)));
    MemorySegment part = test.arena().allocate(ROOM);
    part.fill((byte) 0xff);
    RequestBlock block = block(bound, part, 4);
    ok(bound.iommufd().ioctl(block));
    assertEquals(-1, whole.asSlice(0, 4).mismatch(part.asSlice(0, 4)));
    assertEquals(-1, part.get(ValueLayout.JAVA_INT, 4));
    assertEquals(DriverAnswers.of(test, "GET_HW_INFO length"), block.get("data_len"));
  }

  @Test
  void noRoomIsFineAndBadRoomFaults(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    MemorySegment bad = MemorySegment.ofAddress(test.badAddress());
    ok(bound.iommufd().ioctl(block(bound, MemorySegment.NULL, 0)));
    ok(bound.iommufd().ioctl(block(bound, bad, 0)));
    refused(EFAULT, bound.iommufd().ioctl(block(bound, bad, 4)));
  }

  @Test
  void otherTypesAreAskedForByAFlag(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    MemorySegment data = test.arena().allocate(ROOM);
    RequestBlock unasked = block(bound, data, ROOM).set("in_data_type", 77);
    ok(bound.iommufd().ioctl(unasked));
    RequestBlock asked =
        block(bound, data, ROOM)
            .set("flags", iommufd_h.IOMMU_HW_INFO_FLAG_INPUT_TYPE())
            .set("in_data_type", 77);
    same(DriverAnswers.of(test, "GET_HW_INFO of another type"), bound.iommufd().ioctl(asked));
  }

  @Test
  void onlyDevicesHaveIt(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    int ioas = bound.ioas();
    RequestBlock block = block(bound, MemorySegment.NULL, 0);
    refused(ENOENT, bound.iommufd().ioctl(block.set("dev_id", ioas)));
    same(0, bound.iommufd().ioctl(block.set("dev_id", bound.id())));
  }

  private static RequestBlock block(BoundDevice bound, MemorySegment data, int room) {
    return bound
        .iommufd()
        .block(Request.IOMMU_GET_HW_INFO)
        .set("dev_id", bound.id())
        .set("data_len", room)
        .set("data_uptr", data.address());
  }
}
