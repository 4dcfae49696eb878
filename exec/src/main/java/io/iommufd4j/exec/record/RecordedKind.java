// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.record;

import io.iommufd4j.kernel.FileKind;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The kinds of files whose calls are recorded. */
public enum RecordedKind {
  /** {@code /dev/iommu}. */
  IOMMUFD(FileKind.IOMMUFD),
  /** A device's own node, or what its group gave. */
  VFIO_DEVICE(FileKind.VFIO_DEVICE),
  /** {@code /dev/vfio/N}. */
  VFIO_GROUP(FileKind.VFIO_GROUP),
  /** {@code /dev/vfio/vfio}. */
  VFIO_CONTAINER(FileKind.VFIO_CONTAINER),
  /** The descriptor that {@code IOMMU_FAULT_QUEUE_ALLOC} gave. */
  FAULT_QUEUE(FileKind.UNKNOWN),
  /** The descriptor that {@code IOMMU_VEVENTQ_ALLOC} gave. */
  EVENT_QUEUE(FileKind.UNKNOWN),
  /** Registers of a device as a DMA-BUF ({@code VFIO_DEVICE_FEATURE_DMA_BUF}). */
  DMA_BUF(FileKind.UNKNOWN);

  private final FileKind requests;

  RecordedKind(FileKind requests) {
    this.requests = requests;
  }

  /** {@return the kind of file that its requests are looked up by} */
  public FileKind requests() {
    return requests;
  }

  /** {@return its name in a recording, as {@code vfio-device}} */
  public String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /**
   * {@return the kind of file that a path, or the name that {@code /proc/PID/fd} shows, stands for;
   * null for one whose calls are not recorded}
   *
   * @param path as {@code /dev/vfio/devices/vfio0}
   */
  public static @Nullable RecordedKind of(String path) {
    return switch (path) {
      case "anon_inode:[vfio-device]" -> VFIO_DEVICE;
      case "anon_inode:[iommufd-pgfault]" -> FAULT_QUEUE;
      case "anon_inode:[iommufd-viommu-event]" -> EVENT_QUEUE;
      default ->
          switch (FileKind.of(path)) {
            case IOMMUFD -> IOMMUFD;
            case VFIO_DEVICE -> VFIO_DEVICE;
            case VFIO_GROUP -> path.indexOf('/', "/dev/vfio/".length()) < 0 ? VFIO_GROUP : null;
            case VFIO_CONTAINER -> VFIO_CONTAINER;
            case UNKNOWN -> null;
          };
    };
  }
}
