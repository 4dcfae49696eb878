// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.vfio.feature;

import io.iommufd4j.DirtyBitmap;
import io.iommufd4j.bindings.vfio.vfio_device_feature_dma_logging_control;
import io.iommufd4j.bindings.vfio.vfio_device_feature_dma_logging_range;
import io.iommufd4j.bindings.vfio.vfio_device_feature_dma_logging_report;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.uapi.IovaRange;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * A device's own log of the pages that its DMA writes ({@code VFIO_DEVICE_FEATURE_DMA_LOGGING_*}),
 * beside that of an IOMMU ({@code HwptRef}). Of vfio-pci itself no device has it; drivers for one
 * kind of device may.
 */
public final class DmaLogging {

  private final FeatureCalls calls;

  DmaLogging(FeatureCalls calls) {
    this.calls = calls;
  }

  /**
   * Starts to log.
   *
   * @param pageSize bytes of a page of the log that is wished for
   * @param ranges the IOVAs to log, at least one range; multiples of the page size
   * @return bytes of a page that the device logs by
   * @throws KernelException {@code ENOTTY} without the feature; {@code EINVAL} when it logs
   *     already, or for a range that is no multiple of the page size; {@code E2BIG}, {@code ENOMEM}
   *     or {@code EOPNOTSUPP} as the driver answers
   */
  public long start(long pageSize, List<IovaRange> ranges) {
    try (Arena arena = Arena.ofConfined()) {
      long each = vfio_device_feature_dma_logging_range.sizeof();
      long control = vfio_device_feature_dma_logging_control.sizeof();
      // The array lies in the same block, so that all the kernel reads is lent.
      MemorySegment block = FeatureCalls.block(arena, control + ranges.size() * each);
      MemorySegment data = FeatureCalls.data(block);
      MemorySegment array = data.asSlice(control);
      for (int i = 0; i < ranges.size(); i++) {
        MemorySegment entry = vfio_device_feature_dma_logging_range.asSlice(array, i);
        IovaRange range = ranges.get(i);
        vfio_device_feature_dma_logging_range.iova(entry, range.start());
        vfio_device_feature_dma_logging_range.length(entry, range.last() - range.start() + 1);
      }
      vfio_device_feature_dma_logging_control.page_size(data, pageSize);
      vfio_device_feature_dma_logging_control.num_ranges(data, ranges.size());
      vfio_device_feature_dma_logging_control.ranges(data, array.address());
      calls.set(Feature.DMA_LOGGING_START, block);
      return vfio_device_feature_dma_logging_control.page_size(data);
    }
  }

  /**
   * Stops to log.
   *
   * @throws KernelException {@code ENOTTY} without the feature; and what the driver answers, as
   *     when it does not log
   */
  public void stop() {
    calls.set(Feature.DMA_LOGGING_STOP);
  }

  /**
   * Reads the pages of a range that DMA wrote since the last time, and forgets them.
   *
   * @param iova start of the range, a multiple of the page size
   * @param length bytes of the range, a multiple of the page size
   * @param pageSize bytes of a page of the bitmap, a power of two from 4096
   * @return which pages
   * @throws KernelException {@code ENOTTY} without the feature; {@code EINVAL} for another page
   *     size; and what the driver answers, as when it does not log
   */
  public DirtyBitmap report(long iova, long length, long pageSize) {
    try (Arena arena = Arena.ofConfined()) {
      int pages = Math.toIntExact(Long.divideUnsigned(length, pageSize));
      int words = Math.ceilDiv(pages, Long.SIZE);
      long report = vfio_device_feature_dma_logging_report.sizeof();
      MemorySegment block = FeatureCalls.block(arena, report + (long) words * Long.BYTES);
      MemorySegment data = FeatureCalls.data(block);
      MemorySegment bitmap = data.asSlice(report);
      vfio_device_feature_dma_logging_report.iova(data, iova);
      vfio_device_feature_dma_logging_report.length(data, length);
      vfio_device_feature_dma_logging_report.page_size(data, pageSize);
      vfio_device_feature_dma_logging_report.bitmap(data, bitmap.address());
      calls.get(Feature.DMA_LOGGING_REPORT, block);
      return new DirtyBitmap(iova, pageSize, pages, bitmap.toArray(ValueLayout.JAVA_LONG));
    }
  }
}
