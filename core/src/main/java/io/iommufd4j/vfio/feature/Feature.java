// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.vfio.feature;

import io.iommufd4j.bindings.vfio.vfio_h;

/**
 * The abilities that a VFIO device may have beyond its regions and interrupts ({@code
 * VFIO_DEVICE_FEATURE_*}).
 */
public enum Feature {
  /** The token that users of virtual functions show; a physical function has it. */
  PCI_VF_TOKEN(vfio_h.VFIO_DEVICE_FEATURE_PCI_VF_TOKEN()),
  /** The device can be migrated; reads how. */
  MIGRATION(vfio_h.VFIO_DEVICE_FEATURE_MIGRATION()),
  /** The state that a device is in while it is migrated. */
  MIG_DEVICE_STATE(vfio_h.VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE()),
  /** The device may be put into a low power state. */
  LOW_POWER_ENTRY(vfio_h.VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY()),
  /** The same, and an eventfd is signalled when the host wakes it. */
  LOW_POWER_ENTRY_WITH_WAKEUP(vfio_h.VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP()),
  /** The device leaves its low power state. */
  LOW_POWER_EXIT(vfio_h.VFIO_DEVICE_FEATURE_LOW_POWER_EXIT()),
  /** The device starts to note which pages its DMA writes. */
  DMA_LOGGING_START(vfio_h.VFIO_DEVICE_FEATURE_DMA_LOGGING_START()),
  /** The device stops that. */
  DMA_LOGGING_STOP(vfio_h.VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP()),
  /** Reads the pages that were noted. */
  DMA_LOGGING_REPORT(vfio_h.VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT()),
  /** Reads how many bytes a migration has to move at most. */
  MIG_DATA_SIZE(vfio_h.VFIO_DEVICE_FEATURE_MIG_DATA_SIZE()),
  /** Lets a device that is no PCI device do DMA, or not. */
  BUS_MASTER(vfio_h.VFIO_DEVICE_FEATURE_BUS_MASTER()),
  /** Exports parts of a region as a dma-buf. */
  DMA_BUF(vfio_h.VFIO_DEVICE_FEATURE_DMA_BUF()),
  /** Lets a migration report new initial data. */
  MIG_PRECOPY_INFO_V2(vfio_h.VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2()),
  /** Reads a PCI error of s390. */
  ZPCI_ERROR(vfio_h.VFIO_DEVICE_FEATURE_ZPCI_ERROR());

  private final int number;

  Feature(int number) {
    this.number = number;
  }

  /** {@return the number in the low 16 bits of {@code vfio_device_feature.flags}} */
  public int number() {
    return number;
  }
}
