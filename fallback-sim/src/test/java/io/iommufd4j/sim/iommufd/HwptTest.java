// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd;

import static io.iommufd4j.sim.iommufd.Bench.PAGE;
import static io.iommufd4j.sim.iommufd.Bench.refused;
import static io.iommufd4j.sim.iommufd.Bench.succeeded;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.bindings.iommufd.iommu_hw_info;
import io.iommufd4j.bindings.iommufd.iommu_hwpt_alloc;
import io.iommufd4j.bindings.iommufd.iommu_hwpt_get_dirty_bitmap;
import io.iommufd4j.bindings.iommufd.iommu_hwpt_invalidate;
import io.iommufd4j.bindings.iommufd.iommu_hwpt_set_dirty_tracking;
import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.driver.IommuPreset;
import io.iommufd4j.sim.iommu.DmaPort;
import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.iommu.IommuGroup;
import io.iommufd4j.sim.iommu.hardware.PasidFeature;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.EnumSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class HwptTest {

  private static final int TRACKING = iommufd_h.IOMMU_HWPT_ALLOC_DIRTY_TRACKING();
  private static final int FAULTS = iommufd_h.IOMMU_HWPT_FAULT_ID_VALID();
  private static final int PARENT = iommufd_h.IOMMU_HWPT_ALLOC_NEST_PARENT();
  private static final long IOVA = 0x4000_0000;

  private final Bench bench = new Bench();
  private final int ioas = bench.ioas();

  @AfterEach
  void close() {
    bench.close();
  }

  private IommufdDevice device(IommuPreset preset, boolean dirty) {
    return bench.bind(bench.group(preset.driver(dirty), 1).getFirst());
  }

  @Test
  void flagsAreTheDriversToTake() {
    IommufdDevice smmu = device(IommuPreset.SMMUV3, false);
    refused(Errno.EOPNOTSUPP, bench.hwpt(smmu, ioas, 1 << 4));
    refused(Errno.EOPNOTSUPP, bench.hwpt(smmu, ioas, TRACKING));
    refused(Errno.EOPNOTSUPP, bench.hwpt(smmu, ioas, FAULTS | PARENT));
    refused(Errno.ENOENT, bench.hwpt(smmu, ioas, FAULTS));
    succeeded(bench.hwpt(smmu, ioas, PARENT));
    refused(Errno.EOPNOTSUPP, bench.hwpt(device(IommuPreset.VTD, false), ioas, PARENT));
    refused(Errno.ENOENT, bench.hwpt(device(IommuPreset.AMD, false), ioas, FAULTS));
    refused(Errno.EOPNOTSUPP, bench.hwpt(device(IommuPreset.VIRTIO, false), ioas, FAULTS));
  }

  @Test
  void pageTablesAndDataAreCheckedInTheKernelsOrder() {
    IommufdDevice device = device(IommuPreset.VTD, false);
    MemorySegment block = bench.block(iommu_hwpt_alloc.sizeof());
    iommu_hwpt_alloc.data_type(block, 1);
    refused(Errno.EINVAL, bench.call(iommufd_h.IOMMU_HWPT_ALLOC(), block));
    iommu_hwpt_alloc.data_len(block, 8);
    refused(Errno.ENOENT, bench.call(iommufd_h.IOMMU_HWPT_ALLOC(), block));
    iommu_hwpt_alloc.dev_id(block, device.id());
    refused(Errno.EINVAL, bench.call(iommufd_h.IOMMU_HWPT_ALLOC(), block));
    iommu_hwpt_alloc.pt_id(block, ioas);
    refused(Errno.EOPNOTSUPP, bench.call(iommufd_h.IOMMU_HWPT_ALLOC(), block));
    int parent = succeeded(bench.hwpt(device, ioas, 0));
    refused(Errno.EOPNOTSUPP, bench.hwpt(device, parent, 0));
    iommu_hwpt_alloc.pt_id(block, parent);
    refused(Errno.EINVAL, bench.call(iommufd_h.IOMMU_HWPT_ALLOC(), block));
    refused(Errno.EINVAL, bench.hwpt(device, device.id(), 0));
    iommu_hwpt_alloc.__reserved(block, 1);
    refused(Errno.EOPNOTSUPP, bench.call(iommufd_h.IOMMU_HWPT_ALLOC(), block));
    refused(Errno.EBUSY, bench.destroy(ioas));
  }

  @Test
  void everyHwptOfAnIoasCarriesAllOfIt() {
    IommufdDevice device = device(IommuPreset.SMMUV3, false);
    long memory = bench.pages(2);
    succeeded(bench.mapFixed(ioas, memory, PAGE, IOVA));
    int a = succeeded(bench.hwpt(device, ioas, 0));
    int b = succeeded(bench.hwpt(device, ioas, 0));
    succeeded(bench.mapFixed(ioas, memory + PAGE, PAGE, IOVA + PAGE));
    assertEquals(2L * PAGE, bench.accounting.pinnedBytes());
    var dma = new DmaPort(device.hardware(), bench.memory);
    var bytes = MemorySegment.ofArray(new byte[] {1, 2, 3});
    for (int hwpt : new int[] {a, b}) {
      device.attach(IommuGroup.NO_PASID, hwpt);
      assertTrue(dma.write(IOVA + PAGE - 1, bytes));
      device.detach(IommuGroup.NO_PASID);
      assertTrue(!dma.write(IOVA, bytes));
    }
    succeeded(bench.destroy(a));
    assertEquals(2L * PAGE, bench.accounting.pinnedBytes());
    succeeded(bench.destroy(b));
    assertEquals(0, bench.accounting.pinnedBytes());
  }

  @Test
  void hardwareTellsWhatFits() {
    IommufdDevice device = device(IommuPreset.VTD, true);
    MemorySegment data = bench.arena.allocate(32, 8).fill((byte) 0x55);
    MemorySegment block = bench.block(iommu_hw_info.sizeof());
    iommu_hw_info.dev_id(block, device.id());
    iommu_hw_info.data_len(block, 28);
    iommu_hw_info.data_uptr(block, data.address());
    iommu_hw_info.in_data_type(block, 99);
    succeeded(bench.call(iommufd_h.IOMMU_GET_HW_INFO(), block));
    assertEquals(iommufd_h.IOMMU_HW_INFO_TYPE_INTEL_VTD(), iommu_hw_info.out_data_type(block));
    assertEquals(24, iommu_hw_info.data_len(block));
    assertEquals(0, data.get(ValueLayout.JAVA_INT, 24));
    assertEquals(0x55555555, data.get(ValueLayout.JAVA_INT, 28));
    assertEquals(4, iommu_hw_info.out_max_pasid_log2(block));
    assertEquals(
        iommufd_h.IOMMU_HW_CAP_DIRTY_TRACKING() | iommufd_h.IOMMU_HW_CAP_PCI_ATS_NOT_SUPPORTED(),
        iommu_hw_info.out_capabilities(block));
    iommu_hw_info.flags(block, iommufd_h.IOMMU_HW_INFO_FLAG_INPUT_TYPE());
    iommu_hw_info.in_data_type(block, 99);
    refused(Errno.EOPNOTSUPP, bench.call(iommufd_h.IOMMU_GET_HW_INFO(), block));
    iommu_hw_info.flags(block, 0);
    iommu_hw_info.data_uptr(block, 1);
    refused(Errno.EFAULT, bench.call(iommufd_h.IOMMU_GET_HW_INFO(), block));
  }

  @ParameterizedTest
  @EnumSource(names = {"VTD", "AMD", "SMMUV3"})
  void hardwareTellsWhichFeaturesOfPasidsAreOn(IommuPreset preset) {
    long both = iommufd_h.IOMMU_HW_CAP_PCI_PASID_EXEC() | iommufd_h.IOMMU_HW_CAP_PCI_PASID_PRIV();
    // AMD's driver asks for none.
    boolean enables = preset != IommuPreset.AMD;
    assertEquals(enables ? both : 0, pasidCapabilities(preset, 16) & both);
    assertEquals(0, pasidCapabilities(preset, 0) & both, "without PASIDs");
  }

  private long pasidCapabilities(IommuPreset preset, int pasids) {
    var features = EnumSet.allOf(PasidFeature.class);
    var hardware =
        new IommuDevice("pasids" + pasids, preset.driver(false), pasids, features, false, true);
    new IommuGroup(100 + pasids).add(hardware);
    MemorySegment block = bench.block(iommu_hw_info.sizeof());
    iommu_hw_info.dev_id(block, bench.bind(hardware).id());
    succeeded(bench.call(iommufd_h.IOMMU_GET_HW_INFO(), block));
    return iommu_hw_info.out_capabilities(block);
  }

  @Test
  void dirtyPagesAreReportedOnce() {
    IommufdDevice device = device(IommuPreset.SMMUV3, true);
    int hwpt = succeeded(bench.hwpt(device, ioas, TRACKING));
    int plain = succeeded(bench.hwpt(device, ioas, 0));
    device.attach(IommuGroup.NO_PASID, hwpt);
    succeeded(bench.mapFixed(ioas, bench.pages(64), 64L * PAGE, IOVA));
    var dma = new DmaPort(device.hardware(), bench.memory);
    var bytes = MemorySegment.ofArray(new byte[] {1, 2});
    assertTrue(dma.write(IOVA, bytes));
    refused(Errno.EOPNOTSUPP, track(plain, 1));
    refused(Errno.EOPNOTSUPP, track(hwpt, 2));
    refused(Errno.ENOENT, track(77, 1));
    succeeded(track(hwpt, 1));
    assertEquals(0, dirty(hwpt, 0));
    assertTrue(dma.write(IOVA + 3L * PAGE - 1, bytes));
    assertTrue(dma.write(IOVA + 63L * PAGE, bytes));
    long expected = 1L << 2 | 1L << 3 | 1L << 63;
    assertEquals(expected, dirty(hwpt, iommufd_h.IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR()));
    assertEquals(expected, dirty(hwpt, 0));
    assertEquals(0, dirty(hwpt, 0));
    succeeded(track(hwpt, 0));
    assertTrue(dma.write(IOVA, bytes));
    assertEquals(0, dirty(hwpt, 0));
  }

  private int track(int hwpt, int flags) {
    MemorySegment block = bench.block(iommu_hwpt_set_dirty_tracking.sizeof());
    iommu_hwpt_set_dirty_tracking.hwpt_id(block, hwpt);
    iommu_hwpt_set_dirty_tracking.flags(block, flags);
    return bench.call(iommufd_h.IOMMU_HWPT_SET_DIRTY_TRACKING(), block);
  }

  private MemorySegment bitmapBlock(int hwpt, int flags, long data) {
    MemorySegment block = bench.block(iommu_hwpt_get_dirty_bitmap.sizeof());
    iommu_hwpt_get_dirty_bitmap.hwpt_id(block, hwpt);
    iommu_hwpt_get_dirty_bitmap.flags(block, flags);
    iommu_hwpt_get_dirty_bitmap.iova(block, IOVA);
    iommu_hwpt_get_dirty_bitmap.length(block, 64L * PAGE);
    iommu_hwpt_get_dirty_bitmap.page_size(block, PAGE);
    iommu_hwpt_get_dirty_bitmap.data(block, data);
    return block;
  }

  private long dirty(int hwpt, int flags) {
    MemorySegment bitmap = bench.arena.allocate(8, 8);
    int request = iommufd_h.IOMMU_HWPT_GET_DIRTY_BITMAP();
    succeeded(bench.call(request, bitmapBlock(hwpt, flags, bitmap.address())));
    return bitmap.get(ValueLayout.JAVA_LONG, 0);
  }

  @Test
  void dirtyBitmapChecks() {
    IommufdDevice device = device(IommuPreset.SMMUV3, true);
    int request = iommufd_h.IOMMU_HWPT_GET_DIRTY_BITMAP();
    int plain = succeeded(bench.hwpt(device, ioas, 0));
    int hwpt = succeeded(bench.hwpt(device, ioas, TRACKING));
    refused(Errno.EOPNOTSUPP, bench.call(request, bitmapBlock(plain, 0, 0)));
    refused(Errno.EOPNOTSUPP, bench.call(request, bitmapBlock(hwpt, 2, 0)));
    refused(Errno.ENOENT, bench.call(request, bitmapBlock(ioas, 0, 0)));
    MemorySegment block = bitmapBlock(plain, 0, 0);
    iommu_hwpt_get_dirty_bitmap.length(block, 0);
    refused(Errno.EINVAL, bench.call(request, block));
    iommu_hwpt_get_dirty_bitmap.length(block, -1);
    refused(Errno.EOVERFLOW, bench.call(request, block));
    iommu_hwpt_get_dirty_bitmap.length(block, PAGE / 2);
    refused(Errno.EINVAL, bench.call(request, block));
    iommu_hwpt_get_dirty_bitmap.length(block, PAGE);
    iommu_hwpt_get_dirty_bitmap.page_size(block, 0);
    refused(Errno.EINVAL, bench.call(request, block));
    // Neither a gap nor a bitmap that cannot be written is an error.
    succeeded(bench.call(request, bitmapBlock(hwpt, 0, 1)));
  }

  @Test
  void invalidateAnswersHowManyWereHandled() {
    MemorySegment block = bench.block(iommu_hwpt_invalidate.sizeof());
    iommu_hwpt_invalidate.entry_num(block, 3);
    refused(Errno.EINVAL, bench.call(iommufd_h.IOMMU_HWPT_INVALIDATE(), block));
    assertEquals(0, iommu_hwpt_invalidate.entry_num(block));
    refused(Errno.ENOENT, bench.call(iommufd_h.IOMMU_HWPT_INVALIDATE(), block));
    iommu_hwpt_invalidate.hwpt_id(block, ioas);
    refused(Errno.EINVAL, bench.call(iommufd_h.IOMMU_HWPT_INVALIDATE(), block));
  }
}
