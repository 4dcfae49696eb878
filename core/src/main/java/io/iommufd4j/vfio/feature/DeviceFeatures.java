// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.vfio.feature;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.bindings.vfio.vfio_device_feature_bus_master;
import io.iommufd4j.bindings.vfio.vfio_device_feature_dma_buf;
import io.iommufd4j.bindings.vfio.vfio_device_feature_zpci_err;
import io.iommufd4j.bindings.vfio.vfio_device_low_power_entry_with_wakeup;
import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.bindings.vfio.vfio_region_dma_range;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.event.EventFdRef;
import io.iommufd4j.wire.KernelFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * The features of a device that is bound ({@code VFIO_DEVICE_FEATURE}). A feature that the device,
 * its driver or the kernel lacks answers {@code ENOTTY}, {@link Feature#MIG_PRECOPY_INFO_V2} {@code
 * EINVAL}.
 */
public final class DeviceFeatures {

  private final FeatureCalls calls;

  /**
   * The features of a device.
   *
   * @param file the device's descriptor
   */
  public DeviceFeatures(KernelFile file) {
    calls = new FeatureCalls(file);
  }

  /**
   * {@return what can be done with a feature ({@code VFIO_DEVICE_FEATURE_PROBE}), which changes
   * nothing} Before bind nothing can.
   *
   * @param feature any
   */
  public FeatureSupport probe(Feature feature) {
    return new FeatureSupport(calls.probe(feature, false), calls.probe(feature, true));
  }

  /** {@return every feature that the device has, with what can be done with it} */
  public Map<Feature, FeatureSupport> all() {
    var found = new EnumMap<Feature, FeatureSupport>(Feature.class);
    for (Feature feature : Feature.values()) {
      FeatureSupport support = probe(feature);
      if (support.exists()) {
        found.put(feature, support);
      }
    }
    return Collections.unmodifiableMap(found);
  }

  /**
   * Lets the host put the device into a low power state while nobody accesses it. Mapped regions
   * must not be accessed until {@link #exitLowPower}; dma-bufs of the device are taken back until
   * then.
   *
   * @throws KernelException {@code EINVAL} when it may already; {@code ENOTTY} without the feature
   */
  public void enterLowPower() {
    calls.set(Feature.LOW_POWER_ENTRY);
  }

  /**
   * Lets the host put the device into a low power state, and has an eventfd signalled when the host
   * wakes it. The device is then out of low power, until this is asked for again.
   *
   * @param wakeup signalled once
   * @throws KernelException as {@link #enterLowPower()}; {@code EINVAL} also for a descriptor that
   *     is no eventfd, {@code EBADF} for one that is closed
   */
  public void enterLowPower(EventFdRef wakeup) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment block =
          FeatureCalls.block(arena, vfio_device_low_power_entry_with_wakeup.sizeof());
      vfio_device_low_power_entry_with_wakeup.wakeup_eventfd(FeatureCalls.data(block), wakeup.fd());
      calls.set(Feature.LOW_POWER_ENTRY_WITH_WAKEUP, block);
    }
  }

  /**
   * Takes the device out of low power; harmless when it is not in it.
   *
   * @throws KernelException {@code ENOTTY} without the feature
   */
  public void exitLowPower() {
    calls.set(Feature.LOW_POWER_EXIT);
  }

  /**
   * Lets a device do DMA, or stops it, where no config space has a bit for that. A PCI device has
   * one, and not this feature.
   *
   * @param on true to let it
   * @throws KernelException {@code ENOTTY} without the feature
   */
  public void busMaster(boolean on) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment block = FeatureCalls.block(arena, vfio_device_feature_bus_master.sizeof());
      int operation =
          on ? vfio_h.VFIO_DEVICE_FEATURE_SET_MASTER() : vfio_h.VFIO_DEVICE_FEATURE_CLEAR_MASTER();
      vfio_device_feature_bus_master.op(FeatureCalls.data(block), operation);
      calls.set(Feature.BUS_MASTER, block);
    }
  }

  /**
   * Exports parts of a region as a dma-buf, for other devices to reach by DMA: an IOAS maps one of
   * a single part as a file.
   *
   * @param region index of the region
   * @param parts of the region, in the order that they have in the dma-buf; multiples of the page
   *     size
   * @return the dma-buf, the caller's to close
   * @throws KernelException {@code EINVAL} for a part outside of the region, or one that is no
   *     multiple of the page size, or none; {@code ENODEV} for a region that is not there; {@code
   *     EOPNOTSUPP} where devices cannot reach one another; {@code ENOTTY} without the feature
   */
  public DeviceDmaBuf exportDmaBuf(int region, List<RegionRange> parts) {
    try (Arena arena = Arena.ofConfined()) {
      long header = vfio_device_feature_dma_buf.sizeof();
      MemorySegment block =
          FeatureCalls.block(arena, header + parts.size() * vfio_region_dma_range.sizeof());
      MemorySegment data = FeatureCalls.data(block);
      vfio_device_feature_dma_buf.region_index(data, region);
      vfio_device_feature_dma_buf.open_flags(data, libc_h.O_RDWR() | libc_h.O_CLOEXEC());
      vfio_device_feature_dma_buf.nr_ranges(data, parts.size());
      for (int i = 0; i < parts.size(); i++) {
        MemorySegment range = vfio_region_dma_range.asSlice(data.asSlice(header), i);
        vfio_region_dma_range.offset(range, parts.get(i).offset());
        vfio_region_dma_range.length(range, parts.get(i).length());
      }
      int fd = calls.get(Feature.DMA_BUF, block);
      return new DeviceDmaBuf(new KernelFile(calls.file().kernel(), fd));
    }
  }

  /** {@return the log of the pages that the device's DMA writes, kept by the device itself} */
  public DmaLogging dmaLogging() {
    return new DmaLogging(calls);
  }

  /** {@return the device's migration, by states and a stream of data} */
  public Migration migration() {
    return new Migration(calls);
  }

  /**
   * Reads the error that firmware reported of a PCI device of s390.
   *
   * @param buffer native memory for the whole of it, as many bytes as the device's description says
   * @throws KernelException {@code ENOMSG} when there is none; {@code ENOTTY} on other machines
   */
  public void zpciError(MemorySegment buffer) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment block = FeatureCalls.block(arena, vfio_device_feature_zpci_err.sizeof());
      vfio_device_feature_zpci_err.data(FeatureCalls.data(block), buffer.address());
      calls.get(Feature.ZPCI_ERROR, block);
    }
  }
}
