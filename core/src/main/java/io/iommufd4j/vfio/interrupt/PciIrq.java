// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.vfio.interrupt;

import io.iommufd4j.bindings.vfio.vfio_h;

/** The kinds of interrupt of a PCI device under VFIO ({@code VFIO_PCI_*_IRQ_INDEX}). */
public enum PciIrq {
  /** The interrupt pin. */
  INTX(vfio_h.VFIO_PCI_INTX_IRQ_INDEX()),
  /** Message signalled interrupts. */
  MSI(vfio_h.VFIO_PCI_MSI_IRQ_INDEX()),
  /** Message signalled interrupts with a table in a BAR (MSI-X). */
  MSIX(vfio_h.VFIO_PCI_MSIX_IRQ_INDEX()),
  /** Signalled when the device reports an uncorrectable error. */
  ERROR(vfio_h.VFIO_PCI_ERR_IRQ_INDEX()),
  /** Signalled when the host wants the device back. */
  REQUEST(vfio_h.VFIO_PCI_REQ_IRQ_INDEX());

  private final int index;

  PciIrq(int index) {
    this.index = index;
  }

  /** {@return the number that {@code VFIO_DEVICE_GET_IRQ_INFO} takes} */
  public int index() {
    return index;
  }
}
