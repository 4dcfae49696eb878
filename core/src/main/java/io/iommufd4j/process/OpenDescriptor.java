// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.process;

import java.util.Optional;

/**
 * A descriptor of iommufd or VFIO that a process has open.
 *
 * @param fd its number in that process
 * @param kind the kind of file
 * @param path the file, as {@code /proc/PID/fd} shows it
 * @param device the device of a {@link Kind#DEVICE}: a PCI address, or the name of a mediated
 *     device; empty where Linux names none (before 6.18 for one that a VFIO group gave)
 */
public record OpenDescriptor(int fd, Kind kind, String path, Optional<String> device) {

  /** The kinds of files. */
  public enum Kind {
    /** {@code /dev/iommu}, under whatever name. */
    IOMMUFD,
    /** A VFIO device, by its cdev or by its group. */
    DEVICE,
    /** A VFIO group. */
    GROUP,
    /** {@code /dev/vfio/vfio}. */
    CONTAINER,
    /** A fault queue of an iommufd ({@code IOMMU_FAULT_QUEUE_ALLOC}). */
    FAULT_QUEUE,
    /** An event queue of a vIOMMU ({@code IOMMU_VEVENTQ_ALLOC}). */
    EVENT_QUEUE
  }

  /** {@return true for a VFIO device that was opened by its group} */
  public boolean byGroup() {
    return kind == Kind.DEVICE && path.startsWith("anon_inode:");
  }
}
