// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.vfio.reset;

import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.bindings.vfio.vfio_pci_dependent_device;
import io.iommufd4j.bindings.vfio.vfio_pci_hot_reset;
import io.iommufd4j.bindings.vfio.vfio_pci_hot_reset_info;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.ErrnoCode;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.wire.KernelFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;

/**
 * The reset of the bus or slot that a PCI device sits on, with all that sits there ({@code
 * VFIO_DEVICE_PCI_HOT_RESET}). It is for devices that cannot be reset alone.
 *
 * <p>The kernel does it only when every affected device is the caller's: bound to the same iommufd,
 * or, for a device from a group, of a group that the caller shows.
 */
public final class HotReset {

  private static final int FIRST_GUESS = 8;

  private final KernelFile file;

  /**
   * The hot reset of a device.
   *
   * @param file the device's descriptor
   */
  public HotReset(KernelFile file) {
    this.file = file;
  }

  /**
   * {@return what a hot reset affects ({@code VFIO_DEVICE_GET_PCI_HOT_RESET_INFO})}
   *
   * @throws KernelException {@code ENODEV} when neither the slot nor the bus can be reset, as on a
   *     root bus; {@code EPERM} for a device from a group when another on the bus is in none;
   *     {@code EINVAL} before bind
   */
  public HotResetInfo info() {
    int room = FIRST_GUESS;
    while (true) {
      try (Arena arena = Arena.ofConfined()) {
        long header = vfio_pci_hot_reset_info.sizeof();
        long bytes = header + room * vfio_pci_dependent_device.sizeof();
        MemorySegment block = arena.allocate(bytes, Integer.BYTES);
        vfio_pci_hot_reset_info.argsz(block, (int) bytes);
        int result = file.tryIoctl(Request.VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, block);
        int count = vfio_pci_hot_reset_info.count(block);
        if (result == Errno.ENOSPC.negated() && count > room) {
          room = count;
          continue;
        }
        if (result < 0) {
          throw refused(Request.VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, result);
        }
        return decode(block, header, count);
      }
    }
  }

  private static HotResetInfo decode(MemorySegment block, long header, int count) {
    int flags = vfio_pci_hot_reset_info.flags(block);
    boolean byId = (flags & vfio_h.VFIO_PCI_HOT_RESET_FLAG_DEV_ID()) != 0;
    var devices = new ArrayList<AffectedDevice>();
    MemorySegment array = block.asSlice(header);
    for (int i = 0; i < count; i++) {
      devices.add(AffectedDevice.of(vfio_pci_dependent_device.asSlice(array, i), byId));
    }
    boolean owned = (flags & vfio_h.VFIO_PCI_HOT_RESET_FLAG_DEV_ID_OWNED()) != 0;
    return new HotResetInfo(owned, devices);
  }

  /**
   * Resets the bus or slot of a device that was opened by its cdev. The registers of all that sits
   * there are as after power on; translations stay.
   *
   * @throws KernelException {@code EINVAL} when an affected device is not the caller's, before
   *     bind, or for a device from a group; {@code ENODEV} when neither slot nor bus can be reset
   */
  public void reset() {
    reset(new int[0]);
  }

  /**
   * Resets the bus or slot of a device that came from a group.
   *
   * @param groups descriptors of the groups of all affected devices, which stay their owners'
   * @throws KernelException {@code EINVAL} when the groups are not all that are affected, more than
   *     there are devices, or for a device opened by its cdev; {@code EBADF}; {@code ENODEV} when
   *     neither slot nor bus can be reset
   */
  public void resetWithGroups(int... groups) {
    reset(groups);
  }

  private void reset(int[] groups) {
    try (Arena arena = Arena.ofConfined()) {
      long header = vfio_pci_hot_reset.sizeof();
      long bytes = header + (long) groups.length * Integer.BYTES;
      MemorySegment block = arena.allocate(bytes, Integer.BYTES);
      vfio_pci_hot_reset.argsz(block, (int) bytes);
      vfio_pci_hot_reset.count(block, groups.length);
      MemorySegment.copy(groups, 0, block, ValueLayout.JAVA_INT, header, groups.length);
      int result = file.tryIoctl(Request.VFIO_DEVICE_PCI_HOT_RESET, block);
      if (result < 0) {
        throw refused(Request.VFIO_DEVICE_PCI_HOT_RESET, result);
      }
    }
  }

  private KernelException refused(Request request, int result) {
    return file.refused(request, result, null, errno -> hint(request, errno));
  }

  private String hint(Request request, ErrnoCode errno) {
    if (errno == Errno.ENODEV) {
      return "neither the slot nor the bus of the device can be reset, as on a root bus";
    }
    if (errno == Errno.EINVAL && request == Request.VFIO_DEVICE_PCI_HOT_RESET) {
      return strangers();
    }
    return "";
  }

  /** The affected devices that keep the reset from being done. */
  private String strangers() {
    HotResetInfo info = info();
    var others =
        info.devices().stream()
            .filter(device -> device.owner() instanceof AffectedDevice.NotOwned)
            .map(device -> device.address().toString())
            .toList();
    if (!others.isEmpty()) {
      return "the reset affects devices that are not bound to the same iommufd: "
          + String.join(", ", others);
    }
    return info.devices().stream().anyMatch(d -> d.owner() instanceof AffectedDevice.InGroup)
        ? "a device from a group is reset with descriptors of the groups of all affected devices"
        : "";
  }
}
