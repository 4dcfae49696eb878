package io.iommufd4j.sim.vfio;

import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_PCI_DEVID_NOT_OWNED;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_PCI_DEVID_OWNED;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_PCI_HOT_RESET_FLAG_DEV_ID;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_PCI_HOT_RESET_FLAG_DEV_ID_OWNED;

import io.iommufd4j.bindings.vfio.vfio_pci_dependent_device;
import io.iommufd4j.bindings.vfio.vfio_pci_hot_reset;
import io.iommufd4j.bindings.vfio.vfio_pci_hot_reset_info;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommufd.IommufdContext;
import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Resetting all that is on a device's bus: {@code VFIO_DEVICE_GET_PCI_HOT_RESET_INFO} and {@code
 * VFIO_DEVICE_PCI_HOT_RESET} of a device opened by its own node.
 */
final class HotReset {

  private static final int HEX = 16;

  private final VfioDevice device;

  HotReset(VfioDevice device) {
    this.device = device;
  }

  /** {@code vfio_pci_ioctl_get_pci_hot_reset_info}. */
  void info(long argument) {
    var block = new UserBlock(device.memory(), argument);
    long header = vfio_pci_hot_reset_info.sizeof();
    MemorySegment info = block.take(header, header);
    requireBridge();
    List<PciFunction> affected = device.function().bus().functions();
    vfio_pci_hot_reset_info.flags(info, 0);
    vfio_pci_hot_reset_info.count(info, affected.size());
    long each = vfio_pci_dependent_device.sizeof();
    long room = Integer.toUnsignedLong(vfio_pci_hot_reset_info.argsz(info)) - header;
    if (affected.size() > room / each) {
      block.copyOut(info, header);
      throw Refused.with(Errno.ENOSPC);
    }
    MemorySegment list = UserBlock.room(each * affected.size());
    boolean owned = true;
    for (int i = 0; i < affected.size(); i++) {
      int id = ownership(affected.get(i));
      owned &= id != VFIO_PCI_DEVID_NOT_OWNED();
      describe(list.asSlice(i * each, each), affected.get(i), id);
    }
    device.memory().copyOut(argument + header, list);
    vfio_pci_hot_reset_info.flags(
        info,
        VFIO_PCI_HOT_RESET_FLAG_DEV_ID() | (owned ? VFIO_PCI_HOT_RESET_FLAG_DEV_ID_OWNED() : 0));
    block.copyOut(info, header);
  }

  private static void describe(MemorySegment entry, PciFunction function, int id) {
    String address = function.address();
    int slot = Integer.parseInt(address.substring(8, 10), HEX);
    int number = Integer.parseInt(address.substring(11), HEX);
    vfio_pci_dependent_device.devid(entry, id);
    vfio_pci_dependent_device.segment(
        entry, (short) Integer.parseInt(address.substring(0, 4), HEX));
    vfio_pci_dependent_device.bus(entry, (byte) Integer.parseInt(address.substring(5, 7), HEX));
    vfio_pci_dependent_device.devfn(entry, (byte) (slot << 3 | number));
  }

  /** {@code vfio_pci_ioctl_pci_hot_reset}: only when everything on the bus is the caller's. */
  void reset(long argument) {
    var block = new UserBlock(device.memory(), argument);
    long header = vfio_pci_hot_reset.count$offset() + Integer.BYTES;
    MemorySegment reset = block.take(header, header);
    if (vfio_pci_hot_reset.flags(reset) != 0 || vfio_pci_hot_reset.count(reset) != 0) {
      throw Refused.with(Errno.EINVAL);
    }
    requireBridge();
    device.lock().lock();
    try {
      List<PciFunction> affected = device.function().bus().functions();
      for (PciFunction function : affected) {
        if (ownership(function) == VFIO_PCI_DEVID_NOT_OWNED()) {
          throw Refused.with(Errno.EINVAL);
        }
      }
      affected.forEach(function -> exports(function, DmaBufs::revoke));
      affected.forEach(PciFunction::resetWithBus);
      affected.forEach(function -> exports(function, DmaBufs::restore));
    } finally {
      device.lock().unlock();
    }
  }

  private void exports(PciFunction function, Consumer<DmaBufs> change) {
    VfioDevice exporter = device.driver().find(function);
    if (exporter != null) {
      change.accept(exporter.dmaBufs());
    }
  }

  private void requireBridge() {
    if (!device.function().bus().resettable()) {
      throw Refused.with(Errno.ENODEV);
    }
  }

  /** {@code vfio_iommufd_get_dev_id}: a device's id in the caller's context, or whose it is. */
  private int ownership(PciFunction function) {
    VfioDevice other = device.driver().find(function);
    IommufdContext mine = device.context();
    if (other == null || mine == null) {
      return VFIO_PCI_DEVID_NOT_OWNED();
    }
    if (other.context() == mine) {
      return other.iommufdDevice().id();
    }
    return shares(function, mine) ? VFIO_PCI_DEVID_OWNED() : VFIO_PCI_DEVID_NOT_OWNED();
  }

  /** {@code iommufd_ctx_has_group}. */
  private boolean shares(PciFunction function, @Nullable IommufdContext context) {
    for (VfioDevice any : device.driver().devices()) {
      if (any.context() == context
          && any.function().device().group() == function.device().group()) {
        return true;
      }
    }
    return false;
  }
}
