// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.vfio.interrupt;

import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.ErrnoCode;
import io.iommufd4j.wire.Hint;
import io.iommufd4j.wire.KernelFile;

/**
 * Finds why {@code VFIO_DEVICE_SET_IRQS} was refused ({@code vfio_pci_ioctl_set_irqs}).
 *
 * @param file the device's descriptor
 * @param flags {@code VFIO_IRQ_SET_*}
 */
record InterruptHint(KernelFile file, int flags, PciIrq irq, int first, int count) implements Hint {

  @Override
  public String of(ErrnoCode errno) {
    return switch (errno) {
      case Errno.EINVAL -> invalid();
      case Errno.EBADF -> "an eventfd is closed";
      case Errno.EBUSY ->
          has(vfio_h.VFIO_IRQ_SET_ACTION_UNMASK())
              ? "another eventfd unmasks it already; disconnect that one first"
              : "";
      case Errno.ENOTTY -> irq + " cannot be masked, or not by an eventfd";
      default -> "";
    };
  }

  private String invalid() {
    int vectors = IrqInfo.read(file, irq.index()).count();
    if (first < 0 || count < 0 || first + count > vectors) {
      return "the device has " + vectors + " of " + irq;
    }
    if (!has(vfio_h.VFIO_IRQ_SET_DATA_EVENTFD())) {
      return irq + " is not connected";
    }
    if (has(vfio_h.VFIO_IRQ_SET_ACTION_UNMASK())) {
      return irq + " is not connected, or the descriptor is no eventfd";
    }
    return exclusive()
        ? "another of INTX, MSI and MSIX is connected and must be disabled first, fewer vectors were"
            + " connected at first than this needs, or a descriptor is no eventfd"
        : "the descriptor is no eventfd";
  }

  private boolean exclusive() {
    return switch (irq) {
      case INTX, MSI, MSIX -> true;
      case ERROR, REQUEST -> false;
    };
  }

  private boolean has(int flag) {
    return (flags & flag) != 0;
  }
}
