// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.vfio.pci;

import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_DEVICE_FLAGS_PCI;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_DEVICE_FLAGS_RESET;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_IRQ_INFO_AUTOMASKED;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_IRQ_INFO_EVENTFD;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_IRQ_INFO_MASKABLE;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_IRQ_INFO_NORESIZE;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_PCI_BAR0_REGION_INDEX;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_PCI_BAR5_REGION_INDEX;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_PCI_CONFIG_REGION_INDEX;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_PCI_ERR_IRQ_INDEX;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_PCI_INTX_IRQ_INDEX;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_PCI_MSIX_IRQ_INDEX;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_PCI_NUM_IRQS;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_PCI_NUM_REGIONS;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_PCI_ROM_REGION_INDEX;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_REGION_INFO_CAP_MSIX_MAPPABLE;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_REGION_INFO_FLAG_CAPS;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_REGION_INFO_FLAG_MMAP;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_REGION_INFO_FLAG_READ;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_REGION_INFO_FLAG_WRITE;

import io.iommufd4j.bindings.vfio.vfio_device_info;
import io.iommufd4j.bindings.vfio.vfio_info_cap_header;
import io.iommufd4j.bindings.vfio.vfio_irq_info;
import io.iommufd4j.bindings.vfio.vfio_region_info;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.UserBlock;
import io.iommufd4j.sim.pci.PciConfigSpace;
import io.iommufd4j.sim.pci.PciFunction;
import java.lang.foreign.MemorySegment;
import java.util.function.BooleanSupplier;

/** The description of a device: {@code VFIO_DEVICE_GET_INFO}, its regions and its interrupts. */
public final class DeviceDescription {

  private final PciFunction function;
  private final UserSpace user;
  private final DeviceIrqs irqs;
  private final BooleanSupplier resets;

  /**
   * The description of a function.
   *
   * @param resets says whether {@code VFIO_DEVICE_RESET} works
   */
  public DeviceDescription(
      PciFunction function, UserSpace user, DeviceIrqs irqs, BooleanSupplier resets) {
    this.function = function;
    this.user = user;
    this.irqs = irqs;
    this.resets = resets;
  }

  /** {@code vfio_pci_ioctl_get_info}: a caller that knows less than all gets less. */
  public void deviceInfo(long argument) {
    var block = user.block(argument);
    MemorySegment info = block.take(Request.VFIO_DEVICE_GET_INFO);
    int flags = VFIO_DEVICE_FLAGS_PCI() | (resets.getAsBoolean() ? VFIO_DEVICE_FLAGS_RESET() : 0);
    vfio_device_info.flags(info, flags);
    vfio_device_info.num_regions(info, VFIO_PCI_NUM_REGIONS());
    vfio_device_info.num_irqs(info, VFIO_PCI_NUM_IRQS());
    vfio_device_info.cap_offset(info, 0);
    long known = Integer.toUnsignedLong(vfio_device_info.argsz(info));
    block.copyOut(info, Math.min(known, vfio_device_info.sizeof()));
  }

  /** {@code vfio_pci_ioctl_get_region_info}. */
  public void regionInfo(long argument) {
    var block = user.block(argument);
    MemorySegment info = block.take(Request.VFIO_DEVICE_GET_REGION_INFO);
    int index = vfio_region_info.index(info);
    int flags = 0;
    long bytes = 0;
    if (index == VFIO_PCI_CONFIG_REGION_INDEX()) {
      flags = VFIO_REGION_INFO_FLAG_READ() | VFIO_REGION_INFO_FLAG_WRITE();
      bytes = function.config().size();
    } else if (index >= VFIO_PCI_BAR0_REGION_INDEX() && index <= VFIO_PCI_BAR5_REGION_INDEX()) {
      bytes = function.barBytes(index);
      if (bytes != 0) {
        flags = VFIO_REGION_INFO_FLAG_READ() | VFIO_REGION_INFO_FLAG_WRITE();
        if (function.mappable(index)) {
          flags |= VFIO_REGION_INFO_FLAG_MMAP();
        }
      }
    } else if (index != VFIO_PCI_ROM_REGION_INDEX()) {
      throw Refused.with(Errno.EINVAL);
    }
    vfio_region_info.size(info, bytes);
    vfio_region_info.offset(info, Regions.offsetOf(index));
    PciConfigSpace config = function.config();
    if (config.msixVectors() > 0 && index == config.msixBar()) {
      flags |= VFIO_REGION_INFO_FLAG_CAPS();
      tellTableMayBeMapped(info, argument);
    }
    vfio_region_info.flags(info, flags);
    block.copyOut(info, vfio_region_info.sizeof());
  }

  /** {@code msix_mmappable_cap}: a capability behind the block, where there is room for it. */
  private void tellTableMayBeMapped(MemorySegment info, long argument) {
    long header = vfio_region_info.sizeof();
    long whole = header + vfio_info_cap_header.sizeof();
    if (Integer.toUnsignedLong(vfio_region_info.argsz(info)) < whole) {
      vfio_region_info.argsz(info, (int) whole);
      vfio_region_info.cap_offset(info, 0);
      return;
    }
    MemorySegment capability = UserBlock.room(vfio_info_cap_header.sizeof());
    vfio_info_cap_header.id(capability, (short) VFIO_REGION_INFO_CAP_MSIX_MAPPABLE());
    vfio_info_cap_header.version(capability, (short) 1);
    user.memory().copyOut(argument + header, capability);
    vfio_region_info.cap_offset(info, (int) header);
  }

  /** {@code vfio_pci_ioctl_get_irq_info}. */
  public void irqInfo(long argument) {
    var block = user.block(argument);
    MemorySegment info = block.take(Request.VFIO_DEVICE_GET_IRQ_INFO);
    int index = vfio_irq_info.index(info);
    if (Integer.compareUnsigned(index, VFIO_PCI_NUM_IRQS()) >= 0
        || (index == VFIO_PCI_ERR_IRQ_INDEX() && !irqs.reportsErrors())) {
      throw Refused.with(Errno.EINVAL);
    }
    vfio_irq_info.flags(info, VFIO_IRQ_INFO_EVENTFD() | behavior(index));
    vfio_irq_info.count(info, irqs.count(index));
    block.copyOut(info, vfio_irq_info.sizeof());
  }

  private int behavior(int index) {
    if (index == VFIO_PCI_INTX_IRQ_INDEX()) {
      return VFIO_IRQ_INFO_MASKABLE() | VFIO_IRQ_INFO_AUTOMASKED();
    }
    boolean grows = index == VFIO_PCI_MSIX_IRQ_INDEX() && function.config().msixVectors() > 0;
    return grows ? 0 : VFIO_IRQ_INFO_NORESIZE();
  }
}
