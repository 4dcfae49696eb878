// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.vfio;

import io.iommufd4j.bindings.vfio.vfio_h;

/** The fixed regions of a PCI device under VFIO ({@code VFIO_PCI_*_REGION_INDEX}). */
public enum PciRegion {
  /** Base address register 0. */
  BAR0(vfio_h.VFIO_PCI_BAR0_REGION_INDEX()),
  /** Base address register 1; has no region when BAR 0 has 64 bits. */
  BAR1(vfio_h.VFIO_PCI_BAR1_REGION_INDEX()),
  /** Base address register 2. */
  BAR2(vfio_h.VFIO_PCI_BAR2_REGION_INDEX()),
  /** Base address register 3; has no region when BAR 2 has 64 bits. */
  BAR3(vfio_h.VFIO_PCI_BAR3_REGION_INDEX()),
  /** Base address register 4. */
  BAR4(vfio_h.VFIO_PCI_BAR4_REGION_INDEX()),
  /** Base address register 5; has no region when BAR 4 has 64 bits. */
  BAR5(vfio_h.VFIO_PCI_BAR5_REGION_INDEX()),
  /** The expansion ROM. */
  ROM(vfio_h.VFIO_PCI_ROM_REGION_INDEX()),
  /** Config space. */
  CONFIG(vfio_h.VFIO_PCI_CONFIG_REGION_INDEX()),
  /** The legacy VGA ranges of a display controller. */
  VGA(vfio_h.VFIO_PCI_VGA_REGION_INDEX());

  private final int index;

  PciRegion(int index) {
    this.index = index;
  }

  /** {@return the number that {@code VFIO_DEVICE_GET_REGION_INFO} takes} */
  public int index() {
    return index;
  }
}
