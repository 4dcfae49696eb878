// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.selftest.ioas;

import static io.iommufd4j.bindings.selftest.selftest_h.*;
import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static io.iommufd4j.kernel.Errno.EOPNOTSUPP;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.bindings.selftest.iommu_test_hw_info;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.selftest.Counterpart;
import io.iommufd4j.conformance.selftest.Selftest;
import io.iommufd4j.conformance.selftest.driver.ObjectRequests;
import io.iommufd4j.conformance.selftest.driver.ObjectRequests.HardwareInfo;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** {@code IOMMU_GET_HW_INFO} with memory of each size, and the mock's registers in it. */
@Selftest
final class HardwareInfoTest {

  private static final int EXACT = (int) iommu_test_hw_info.sizeof();
  private static final int SELFTEST = IOMMU_HW_INFO_TYPE_SELFTEST();

  @ParameterizedTest(name = "{0}")
  @EnumSource
  @Counterpart("iommufd_ioas.get_hw_info")
  void hardwareInfo(IoasVariant variant, KernelUnderTest test) {
    IoasFixture ioas = IoasFixture.open(test, variant);
    ObjectRequests objects = ioas.file().objects();
    int device = ioas.device().id();
    MemorySegment exact = memory(test, EXACT);
    MemorySegment larger = memory(test, EXACT + Long.BYTES);
    if (!ioas.attached()) {
      refused(ENOENT, objects.hardwareInfo(device, exact).answer());
      refused(ENOENT, objects.hardwareInfo(device, larger).answer());
      return;
    }
    told(objects.hardwareInfo(device, MemorySegment.NULL), MemorySegment.NULL);
    told(objects.hardwareInfo(device, exact), exact);
    refused(EOPNOTSUPP, objects.hardwareInfo(device, SELFTEST + 1, exact).answer());
    told(objects.hardwareInfo(device, SELFTEST, exact), exact);
    told(objects.hardwareInfo(device, larger), larger);
    MemorySegment smaller = memory(test, Integer.BYTES);
    told(objects.hardwareInfo(device, smaller), smaller);

    assertEquals(0, objects.hardwareInfo(device, MemorySegment.NULL).pasidBits());
    if (variant.pasid()) {
      HardwareInfo info = objects.hardwareInfo(ioas.pasidDevice(), MemorySegment.NULL);
      told(info, MemorySegment.NULL);
      assertEquals(MOCK_PASID_WIDTH(), info.pasidBits());
    }
  }

  /** Memory in which every byte that is not written shows. */
  private static MemorySegment memory(KernelUnderTest test, int bytes) {
    return test.arena().allocate(bytes, Integer.BYTES).fill((byte) 0xff);
  }

  private static void told(HardwareInfo info, MemorySegment memory) {
    ok(info.answer());
    assertEquals(SELFTEST, info.type());
    assertEquals(EXACT, info.length());
    if (memory.byteSize() >= Integer.BYTES) {
      assertEquals(0, memory.get(ValueLayout.JAVA_INT, 0), "flags");
    }
    if (memory.byteSize() >= EXACT) {
      assertEquals(
          IOMMU_HW_INFO_SELFTEST_REGVAL(), memory.get(ValueLayout.JAVA_INT, Integer.BYTES));
    }
    for (long i = EXACT; i < memory.byteSize(); i++) {
      assertEquals(0, memory.get(ValueLayout.JAVA_BYTE, i), "behind what the driver has");
    }
    memory.fill((byte) 0xff);
  }
}
