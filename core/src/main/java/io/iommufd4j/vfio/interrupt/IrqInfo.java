// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.vfio.interrupt;

import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.bindings.vfio.vfio_irq_info;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.wire.KernelFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A kind of interrupt of a device ({@code struct vfio_irq_info}).
 *
 * @param index which
 * @param count how many vectors it has; 0 when the device has none of the kind
 * @param flags {@code VFIO_IRQ_INFO_*}
 */
public record IrqInfo(int index, int count, int flags) {

  static IrqInfo read(KernelFile file, int index) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment block = vfio_irq_info.allocate(arena);
      vfio_irq_info.argsz(block, (int) block.byteSize());
      vfio_irq_info.index(block, index);
      file.ioctl(Request.VFIO_DEVICE_GET_IRQ_INFO, block, null);
      return new IrqInfo(index, vfio_irq_info.count(block), vfio_irq_info.flags(block));
    }
  }

  /** {@return true if it can signal an eventfd} */
  public boolean eventfd() {
    return has(vfio_h.VFIO_IRQ_INFO_EVENTFD());
  }

  /** {@return true if it can be masked and unmasked} */
  public boolean maskable() {
    return has(vfio_h.VFIO_IRQ_INFO_MASKABLE());
  }

  /** {@return true if it masks itself when it fires, as a level-triggered line does} */
  public boolean autoMasked() {
    return has(vfio_h.VFIO_IRQ_INFO_AUTOMASKED());
  }

  /** {@return true if all vectors must be given up before more can be taken} */
  public boolean noResize() {
    return has(vfio_h.VFIO_IRQ_INFO_NORESIZE());
  }

  private boolean has(int flag) {
    return (flags & flag) != 0;
  }
}
