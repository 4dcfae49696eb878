// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.selftest.viommu;

import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HWPT_FAULT_ID_VALID;
import static io.iommufd4j.bindings.selftest.selftest_h.*;
import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.Answers.same;
import static io.iommufd4j.kernel.Errno.EBUSY;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static io.iommufd4j.kernel.Errno.ENXIO;
import static io.iommufd4j.kernel.Errno.EOPNOTSUPP;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.bindings.selftest.iommu_viommu_selftest;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.selftest.Counterpart;
import io.iommufd4j.conformance.selftest.Selftest;
import io.iommufd4j.conformance.selftest.driver.ObjectRequests;
import io.iommufd4j.conformance.selftest.driver.PageFaults;
import io.iommufd4j.conformance.selftest.driver.TestMemory;
import io.iommufd4j.conformance.selftest.viommu.ViommuStart.Variant;
import io.iommufd4j.kernel.Kernel;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** {@code iommufd_viommu}: virtual IOMMUs, what they refuse and what they hold. */
@Selftest
final class ViommuTest {

  private static final String NAME = "{0}";
  private static final int VIRTUAL_ID = 0x99;
  private static final int PASID = 1;

  @ParameterizedTest(name = NAME)
  @EnumSource
  @Counterpart("iommufd_viommu.viommu_auto_destroy")
  void goesWithTheFile(Variant variant, KernelUnderTest test) {
    new ViommuStart(test, variant).file().iommufd().close();
  }

  @ParameterizedTest(name = NAME)
  @EnumSource
  @Counterpart("iommufd_viommu.viommu_negative_tests")
  void refuses(Variant variant, KernelUnderTest test) {
    ViommuStart start = new ViommuStart(test, variant);
    int type = IOMMU_VIOMMU_TYPE_SELFTEST();
    MemorySegment none = ObjectRequests.NO_DATA;
    if (variant == Variant.NO_VIOMMU) {
      refused(ENOENT, start.viommu(start.parent(), type, none));
      return;
    }
    refused(ENOENT, start.viommu(0, type, none));
    int flat = ok(start.file().iommufd().hwptAlloc(start.device(), start.ioas()));
    refused(EINVAL, start.viommu(flat, type, none));
    ok(start.destroy(flat));
    refused(EOPNOTSUPP, start.viommu(start.parent(), 0xdead, none));
    refused(EBUSY, start.destroy(start.parent()));
    refused(EBUSY, start.destroy(start.viommu()));
  }

  @ParameterizedTest(name = NAME)
  @EnumSource
  @Counterpart("iommufd_viommu.viommu_alloc_nested_iopf")
  void nestedHwptsHaveFaultQueues(Variant variant, KernelUnderTest test) {
    ViommuStart start = new ViommuStart(test, variant);
    needsViommu(variant);
    ObjectRequests.Queue faults = start.objects().faultQueue();
    ok(faults.answer());
    refused(ENOENT, start.nested(IOMMU_HWPT_FAULT_ID_VALID(), -1));
    refused(EOPNOTSUPP, start.nested(IOMMU_HWPT_FAULT_ID_VALID() | 1 << 31, faults.id()));
    int faulting = ok(start.nested(IOMMU_HWPT_FAULT_ID_VALID(), faults.id()));

    refused(ENOENT, start.replace(faulting));
    ok(start.objects().vdevice(start.viommu(), start.device(), VIRTUAL_ID));
    ok(start.replace(faulting));
    refused(EBUSY, start.destroy(faulting));
    PageFaults.triggerAndAnswer(start.file(), start.device(), PASID, faults.fd());

    ok(start.replace(start.ioas()));
    ok(start.destroy(faulting));
    ok(test.kernel().close(faults.fd()));
    ok(start.destroy(faults.id()));
  }

  @ParameterizedTest(name = NAME)
  @EnumSource
  @Counterpart("iommufd_viommu.viommu_alloc_with_data")
  void driverHandsOutMemory(Variant variant, KernelUnderTest test) {
    ViommuStart start = new ViommuStart(test, variant);
    needsViommu(variant);
    MemorySegment data = test.arena().allocate(iommu_viommu_selftest.layout());
    iommu_viommu_selftest.in_data(data, 0xbeef);
    int viommu = ok(start.viommu(start.parent(), IOMMU_VIOMMU_TYPE_SELFTEST(), data));
    same(0xbeef, iommu_viommu_selftest.out_data(data));

    int fd = start.file().iommufd().fd();
    long offset = iommu_viommu_selftest.out_mmap_offset(data);
    long bytes = iommu_viommu_selftest.out_mmap_length(data);
    Kernel kernel = test.kernel();
    refused(ENXIO, map(kernel, fd, bytes, offset + TestMemory.PAGE));
    refused(ENXIO, map(kernel, fd, bytes, offset + 2 * TestMemory.PAGE));
    refused(ENXIO, map(kernel, fd, bytes / 2, offset));
    refused(ENXIO, map(kernel, fd, bytes * 2, offset));

    long address = ok(map(kernel, fd, bytes, offset));
    MemorySegment mapped = MemorySegment.ofAddress(address).reinterpret(bytes);
    same(0xbeef, mapped.get(ValueLayout.JAVA_INT, 0));
    refused(EBUSY, start.destroy(viommu));
    ok(kernel.munmap(address, bytes));
  }

  private static long map(Kernel kernel, int fd, long bytes, long offset) {
    int readWrite = libc_h.PROT_READ() | libc_h.PROT_WRITE();
    return kernel.mmap(bytes, readWrite, libc_h.MAP_SHARED(), fd, offset);
  }

  @ParameterizedTest(name = NAME)
  @EnumSource
  @Counterpart("iommufd_viommu.vdevice_tombstone")
  void vdeviceGoesWithItsDevice(Variant variant, KernelUnderTest test) {
    ViommuStart start = new ViommuStart(test, variant);
    needsViommu(variant);
    int vdevice = ok(start.objects().vdevice(start.viommu(), start.device(), VIRTUAL_ID));
    ok(start.destroy(start.stdev()));
    refused(ENOENT, start.destroy(vdevice));
  }

  private static void needsViommu(Variant variant) {
    Assumptions.assumeTrue(variant == Variant.MOCK_VIOMMU, "the kernel's case skips this variant");
  }
}
