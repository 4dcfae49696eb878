// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.hwpt;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.Answers.same;
import static io.iommufd4j.kernel.Errno.EFAULT;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static io.iommufd4j.kernel.Errno.EOPNOTSUPP;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.bindings.iommufd.iommu_hwpt_alloc;
import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.conformance.BoundDevice;
import io.iommufd4j.conformance.DriverAnswers;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.RequestBlock;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.kernel.Request;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code IOMMU_HWPT_ALLOC}. */
@Conformance
final class HwptAllocTest {

  /** The flags of this command that drivers differ in. */
  enum Flag {
    NEST_PARENT(iommufd_h.IOMMU_HWPT_ALLOC_NEST_PARENT()),
    DIRTY_TRACKING(iommufd_h.IOMMU_HWPT_ALLOC_DIRTY_TRACKING()),
    PASID(iommufd_h.IOMMU_HWPT_ALLOC_PASID());

    private final int bit;

    Flag(int bit) {
      this.bit = bit;
    }
  }

  @Test
  void ioasHasAsManyAsAsked(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    int ioas = bound.ioas();
    int first = bound.hwpt(ioas);
    for (int i = 1; i <= 3; i++) {
      assertEquals(first + i, bound.hwpt(ioas));
    }
  }

  @ParameterizedTest(name = "{0}")
  @EnumSource
  void flagIsTakenWhereTheDriverCan(Flag flag, KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    int ioas = bound.ioas();
    int expected = DriverAnswers.of(test, "HWPT_ALLOC " + flag);
    int answer = bound.iommufd().hwptAlloc(bound.id(), ioas, flag.bit);
    same(expected == 0 ? ioas + 1 : expected, answer);
  }

  @ParameterizedTest
  @ValueSource(ints = {0x10, 0x100, 0x8000_0000})
  void unknownFlagIsNotSupported(int flag, KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    refused(EOPNOTSUPP, bound.iommufd().hwptAlloc(bound.id(), bound.ioas(), flag));
  }

  @Test
  void idsMustBeADeviceAndAPageTable(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    int ioas = bound.ioas();
    refused(ENOENT, bound.iommufd().hwptAlloc(0, ioas));
    refused(ENOENT, bound.iommufd().hwptAlloc(ioas, ioas));
    refused(EINVAL, bound.iommufd().hwptAlloc(bound.id(), 0));
    refused(EINVAL, bound.iommufd().hwptAlloc(bound.id(), 1000));
    refused(EINVAL, bound.iommufd().hwptAlloc(bound.id(), bound.id()));
  }

  @Test
  void pagingHwptIsNoParentUnlessMadeForIt(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    int hwpt = bound.hwpt(bound.ioas());
    refused(EOPNOTSUPP, bound.iommufd().hwptAlloc(bound.id(), hwpt));
    RequestBlock block =
        bound
            .iommufd()
            .block(Request.IOMMU_HWPT_ALLOC)
            .set("dev_id", bound.id())
            .set("pt_id", hwpt)
            .set("data_type", 99)
            .set("data_len", 8)
            .set("data_uptr", test.arena().allocate(8).address());
    same(DriverAnswers.of(test, "HWPT_ALLOC nested without parent"), bound.iommufd().ioctl(block));
  }

  @Test
  void faultQueueMustBeThere(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    int ioas = bound.ioas();
    int flag = iommufd_h.IOMMU_HWPT_FAULT_ID_VALID();
    RequestBlock block =
        bound
            .iommufd()
            .block(Request.IOMMU_HWPT_ALLOC)
            .set("flags", flag)
            .set("dev_id", bound.id())
            .set("pt_id", ioas)
            .set("fault_id", 1000);
    same(
        DriverAnswers.of(test, "HWPT_ALLOC FAULT_ID_VALID without queue"),
        bound.iommufd().ioctl(block));
    assertEquals(ioas + 1, bound.ioas(), "the id was not given back");
  }

  @Test
  void unwritableBlockUndoesWhatWasMade(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    int ioas = bound.ioas();
    var block =
        test.readOnly(memory -> {
          iommu_hwpt_alloc.size(memory, (int) iommu_hwpt_alloc.sizeof());
          iommu_hwpt_alloc.dev_id(memory, bound.id());
          iommu_hwpt_alloc.pt_id(memory, ioas);
        });
    refused(EFAULT, bound.iommufd().ioctl(Request.IOMMU_HWPT_ALLOC.number(), block));
    ok(bound.iommufd().destroy(ioas));
  }
}
