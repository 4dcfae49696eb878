// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.vfio;

import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_PCI_DEVID_NOT_OWNED;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_PCI_DEVID_OWNED;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_PCI_HOT_RESET_FLAG_DEV_ID;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_PCI_HOT_RESET_FLAG_DEV_ID_OWNED;

import io.iommufd4j.bindings.vfio.vfio_pci_dependent_device;
import io.iommufd4j.bindings.vfio.vfio_pci_hot_reset;
import io.iommufd4j.bindings.vfio.vfio_pci_hot_reset_info;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.sim.fs.OpenFile;
import io.iommufd4j.sim.iommufd.IommufdContext;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.UserBlock;
import io.iommufd4j.sim.pci.PciFunction;
import io.iommufd4j.sim.vfio.pci.DmaBufs;
import io.iommufd4j.sim.vfio.pci.UserSpace;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Resetting all that is on a device's bus: {@code VFIO_DEVICE_GET_PCI_HOT_RESET_INFO} and {@code
 * VFIO_DEVICE_PCI_HOT_RESET}. Whoever opened the device by its own node has to have all in one
 * iommufd; whoever has it from its group shows descriptors of all groups.
 */
final class HotReset {

  private static final int HEX = 16;

  private final VfioDevice device;
  private final VfioDevices devices;
  private final UserSpace user;

  HotReset(VfioDevice device, VfioDevices devices, UserSpace user) {
    this.device = device;
    this.devices = devices;
    this.user = user;
  }

  /** {@code vfio_pci_ioctl_get_pci_hot_reset_info}. */
  void info(long argument) {
    var block = user.block(argument);
    long header = vfio_pci_hot_reset_info.sizeof();
    MemorySegment info = block.take(Request.VFIO_DEVICE_GET_PCI_HOT_RESET_INFO);
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
    boolean byNode = device.openedByNode();
    boolean owned = true;
    for (int i = 0; i < affected.size(); i++) {
      PciFunction function = affected.get(i);
      int id = byNode ? ownership(function) : groupOf(function);
      owned &= id != VFIO_PCI_DEVID_NOT_OWNED();
      describe(list.asSlice(i * each, each), function, id);
    }
    user.memory().copyOut(argument + header, list);
    if (byNode) {
      int all = owned ? VFIO_PCI_HOT_RESET_FLAG_DEV_ID_OWNED() : 0;
      vfio_pci_hot_reset_info.flags(info, VFIO_PCI_HOT_RESET_FLAG_DEV_ID() | all);
    }
    block.copyOut(info, header);
  }

  /** EPERM for a function without a group: it has no IOMMU, and VFIO does not have it. */
  private static int groupOf(PciFunction function) {
    if (!function.device().grouped()) {
      throw Refused.with(Errno.EPERM);
    }
    return function.device().group().id();
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

  /**
   * {@code vfio_pci_ioctl_pci_hot_reset}: EFAULT; EINVAL for flags, for groups with a device opened
   * by its own node or none with another, and when something on the bus is not the caller's; ENODEV
   * when nothing resets the bus.
   */
  void reset(long argument) {
    var block = user.block(argument);
    long header = Request.VFIO_DEVICE_PCI_HOT_RESET.minimumBytes();
    MemorySegment reset = block.take(Request.VFIO_DEVICE_PCI_HOT_RESET);
    int count = vfio_pci_hot_reset.count(reset);
    if (vfio_pci_hot_reset.flags(reset) != 0 || (count != 0) == device.openedByNode()) {
      throw Refused.with(Errno.EINVAL);
    }
    requireBridge();
    List<PciFunction> affected = device.function().bus().functions();
    if (count == 0) {
      reset(affected, function -> ownership(function) != VFIO_PCI_DEVID_NOT_OWNED());
    } else {
      withGroups(argument + header, count, affected);
    }
  }

  /**
   * {@code vfio_pci_ioctl_pci_hot_reset_groups}: EINVAL for more groups than functions or what is
   * no group, EFAULT, EBADF.
   */
  private void withGroups(long address, int count, List<PciFunction> affected) {
    if (Integer.compareUnsigned(count, affected.size()) > 0) {
      throw Refused.with(Errno.EINVAL);
    }
    MemorySegment fds = UserBlock.room((long) count * Integer.BYTES);
    user.memory().copyIn(address, fds);
    var held = new ArrayList<OpenFile>();
    var groups = new HashSet<VfioGroup>();
    try {
      for (int i = 0; i < count; i++) {
        OpenFile file = user.files().hold(fds.getAtIndex(ValueLayout.JAVA_INT, i));
        held.add(file);
        if (!(file instanceof VfioGroupFile group)) {
          throw Refused.with(Errno.EINVAL);
        }
        groups.add(group.group());
      }
      reset(affected, function -> in(groups, function));
    } finally {
      held.forEach(user.files()::drop);
    }
  }

  private boolean in(Set<VfioGroup> groups, PciFunction function) {
    VfioDevice other = devices.find(function);
    return other != null && device.inSet(other) && groups.contains(other.group());
  }

  /** {@code vfio_pci_dev_set_hot_reset}. */
  private void reset(List<PciFunction> affected, Predicate<PciFunction> owned) {
    try (var _ = device.lock().guard()) {
      if (!affected.stream().allMatch(owned)) {
        throw Refused.with(Errno.EINVAL);
      }
      affected.forEach(function -> exports(function, DmaBufs::revoke));
      affected.forEach(PciFunction::resetWithBus);
      affected.forEach(function -> exports(function, DmaBufs::restore));
    }
  }

  private void exports(PciFunction function, Consumer<DmaBufs> change) {
    VfioDevice exporter = devices.find(function);
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
    VfioDevice other = devices.find(function);
    IommufdContext mine = device.context();
    if (other == null || mine == null || !device.inSet(other)) {
      return VFIO_PCI_DEVID_NOT_OWNED();
    }
    if (other.context() == mine) {
      return other.iommufdDevice().id();
    }
    return shares(function, mine) ? VFIO_PCI_DEVID_OWNED() : VFIO_PCI_DEVID_NOT_OWNED();
  }

  /** {@code iommufd_ctx_has_group}. */
  private boolean shares(PciFunction function, @Nullable IommufdContext context) {
    for (VfioDevice any : devices.all()) {
      if (any.context() == context
          && function.device().translated()
          && any.function().device().group() == function.device().group()) {
        return true;
      }
    }
    return false;
  }
}
