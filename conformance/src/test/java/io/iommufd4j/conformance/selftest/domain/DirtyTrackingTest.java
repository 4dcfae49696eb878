// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.selftest.domain;

import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HWPT_ALLOC_DIRTY_TRACKING;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HWPT_ALLOC_PASID;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HW_CAP_DIRTY_TRACKING;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_OPTION_HUGE_PAGES;
import static io.iommufd4j.bindings.selftest.selftest_h.*;
import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.Answers.same;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.EOPNOTSUPP;

import io.iommufd4j.bindings.selftest.iommu_hwpt_selftest;
import io.iommufd4j.bindings.selftest.iommu_test_hw_info;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.selftest.Counterpart;
import io.iommufd4j.conformance.selftest.Selftest;
import io.iommufd4j.conformance.selftest.driver.MockDevice;
import io.iommufd4j.conformance.selftest.driver.MockIommufd;
import io.iommufd4j.conformance.selftest.driver.ObjectRequests;
import io.iommufd4j.conformance.selftest.driver.SelftestFile;
import io.iommufd4j.conformance.selftest.driver.TestMemory;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * {@code iommufd_dirty_tracking}: the pages that devices have written to are reported one by one.
 */
@Selftest
final class DirtyTrackingTest {

  private static final String NAME = "{0}";
  private static final int PASID = 100;
  private static final int CLEARING = 0;

  /** The size of the memory that is mapped, and the kind of its pages. */
  enum Variant {
    DIRTY_8K("domain_dirty8k", 8L << 10, false),
    DIRTY_16K("domain_dirty16k", 16L << 10, false),
    DIRTY_64K("domain_dirty64k", 64L << 10, false),
    DIRTY_128K("domain_dirty128k", 128L << 10, false),
    DIRTY_320K("domain_dirty320k", 320L << 10, false),
    DIRTY_64M("domain_dirty64M", 64L << 20, false),
    DIRTY_64M_HUGE("domain_dirty64M_huge", 64L << 20, true),
    DIRTY_128M("domain_dirty128M", 128L << 20, false),
    DIRTY_128M_HUGE("domain_dirty128M_huge", 128L << 20, true);

    private final String kernelName;
    private final long bytes;
    private final boolean huge;

    Variant(String kernelName, long bytes, boolean huge) {
      this.kernelName = kernelName;
      this.bytes = bytes;
      this.huge = huge;
    }

    /** Bytes that one leaf of the HWPT's page table maps. */
    private long leaf() {
      return huge ? MOCK_HUGE_PAGE_SIZE() : TestMemory.PAGE;
    }

    private int format() {
      return huge ? MOCK_IOMMUPT_HUGE() : MOCK_IOMMUPT_DEFAULT();
    }

    @Override
    public String toString() {
      return kernelName;
    }
  }

  /** The state every case starts from. */
  private static final class Start {

    private final SelftestFile file;
    private final MockIommufd mock;
    private final TestMemory memory;
    private final int ioas;
    private final MockDevice device;

    Start(KernelUnderTest test, Variant variant) {
      file = SelftestFile.open(test);
      mock = file.mock();
      memory =
          variant.huge
              ? TestMemory.huge(test, variant.bytes)
              : TestMemory.aligned(test, variant.bytes);
      ioas = file.ioas();
      if (!variant.huge) {
        // Leaves are then of a small page each, and a bit of the map stands for half of one.
        ok(file.iommufd().setOption(IOMMU_OPTION_HUGE_PAGES(), ioas, 0));
      }
      device = mock.device(ioas).ok();
    }

    int hwpt(int flags) {
      return ok(file.iommufd().hwptAlloc(device.id(), ioas, flags));
    }

    int hwptOfFormat(int format) {
      MemorySegment data = file.test().arena().allocate(iommu_hwpt_selftest.layout());
      iommu_hwpt_selftest.pagetable_type(data, format);
      int flags = IOMMU_HWPT_ALLOC_DIRTY_TRACKING();
      return ok(file.objects().hwpt(device.id(), ioas, flags, IOMMU_HWPT_DATA_SELFTEST(), data));
    }

    void destroy(int id) {
      ok(file.iommufd().destroy(id));
    }

    void trackingOnAndOff(int hwpt) {
      ok(file.objects().dirtyTracking(hwpt, true));
      ok(file.objects().dirtyTracking(hwpt, false));
    }
  }

  @ParameterizedTest(name = NAME)
  @EnumSource
  @Counterpart("iommufd_dirty_tracking.enforce_dirty")
  void onlyDevicesThatCanComeToHwptsThatTrack(Variant variant, KernelUnderTest test) {
    Start start = new Start(test, variant);
    int hwpt = start.hwpt(IOMMU_HWPT_ALLOC_DIRTY_TRACKING());
    MockDevice able = start.mock.device(hwpt).ok();
    refused(EINVAL, start.mock.device(hwpt, MOCK_FLAGS_DEVICE_NO_DIRTY()).answer());
    start.destroy(able.stdev());
    start.destroy(hwpt);

    int ioas = start.file.ioas();
    MockDevice unable = start.mock.device(ioas, MOCK_FLAGS_DEVICE_NO_DIRTY()).ok();
    refused(
        EOPNOTSUPP,
        start.file.iommufd().hwptAlloc(unable.id(), ioas, IOMMU_HWPT_ALLOC_DIRTY_TRACKING()));
    start.destroy(unable.stdev());
  }

  @ParameterizedTest(name = NAME)
  @EnumSource
  @Counterpart("iommufd_dirty_tracking.set_dirty_tracking")
  void trackingGoesOnAndOff(Variant variant, KernelUnderTest test) {
    Start start = new Start(test, variant);
    int hwpt = start.hwpt(IOMMU_HWPT_ALLOC_DIRTY_TRACKING());
    MockDevice second = start.mock.device(hwpt).ok();
    start.trackingOnAndOff(hwpt);
    start.destroy(second.stdev());
    start.destroy(hwpt);
  }

  @ParameterizedTest(name = NAME)
  @EnumSource
  @Counterpart("iommufd_dirty_tracking.pasid_set_dirty_tracking")
  void onlyPasidsOfDevicesThatCanComeToHwptsThatTrack(Variant variant, KernelUnderTest test) {
    Start start = new Start(test, variant);
    MockIommufd mock = start.mock;
    int hwpt = start.hwpt(IOMMU_HWPT_ALLOC_PASID() | IOMMU_HWPT_ALLOC_DIRTY_TRACKING());
    MockDevice able = mock.device(hwpt, MOCK_FLAGS_DEVICE_PASID()).ok();
    ok(mock.attachPasid(able.stdev(), PASID, hwpt));
    start.trackingOnAndOff(hwpt);
    ok(mock.detachPasid(able.stdev(), PASID));
    start.destroy(able.stdev());

    int ioas = start.file.ioas();
    int flags = MOCK_FLAGS_DEVICE_PASID() | MOCK_FLAGS_DEVICE_NO_DIRTY();
    MockDevice unable = mock.device(ioas, flags).ok();
    refused(EINVAL, mock.attachPasid(unable.stdev(), PASID, hwpt));
    start.destroy(unable.stdev());
    start.destroy(hwpt);
  }

  @ParameterizedTest(name = NAME)
  @EnumSource
  @Counterpart("iommufd_dirty_tracking.device_dirty_capability")
  void deviceTellsThatItCan(Variant variant, KernelUnderTest test) {
    Start start = new Start(test, variant);
    int hwpt = start.hwpt(0);
    MockDevice second = start.mock.device(hwpt).ok();
    var info = start.file.objects().hardwareInfo(start.device.id(), ObjectRequests.NO_DATA);
    ok(info.answer());
    same(IOMMU_HW_INFO_TYPE_SELFTEST(), info.type());
    same(iommu_test_hw_info.sizeof(), info.length());
    same(IOMMU_HW_CAP_DIRTY_TRACKING(), info.capabilities() & IOMMU_HW_CAP_DIRTY_TRACKING());
    start.destroy(second.stdev());
    start.destroy(hwpt);
  }

  @ParameterizedTest(name = NAME)
  @EnumSource
  @Counterpart("iommufd_dirty_tracking.get_dirty_bitmap")
  void bitmapTellsOnce(Variant variant, KernelUnderTest test) {
    bitmapTells(variant, test, CLEARING);
  }

  @ParameterizedTest(name = NAME)
  @EnumSource
  @Counterpart("iommufd_dirty_tracking.get_dirty_bitmap_no_clear")
  void bitmapTellsAgain(Variant variant, KernelUnderTest test) {
    bitmapTells(variant, test, IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR());
  }

  /** Wherever the bitmap lies in memory: at a page's start, inside of one, at no word's start. */
  private static void bitmapTells(Variant variant, KernelUnderTest test, int flags) {
    Start start = new Start(test, variant);
    long iova = MOCK_APERTURE_START();
    ok(start.file.iommufd().mapFixed(start.ioas, start.memory.address(), variant.bytes, iova));
    int hwpt = start.hwptOfFormat(variant.format());
    ok(start.file.objects().dirtyTracking(hwpt, true));

    var pattern = new DirtyPattern(variant.bytes, MOCK_PAGE_SIZE(), variant.leaf());
    MemorySegment room =
        test.arena().allocate(pattern.bitmapBytes() + TestMemory.PAGE, TestMemory.PAGE);
    for (long offset : new long[] {0, MOCK_PAGE_SIZE(), 0xff1}) {
      pattern.check(start.file, hwpt, iova, room.asSlice(offset, pattern.bitmapBytes()), flags);
    }
    start.destroy(hwpt);
  }
}
