// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.vfio;

import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_PCI_BAR5_REGION_INDEX;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.FileKind;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.sim.fs.OpenFile;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.vfio.pci.Regions;
import io.iommufd4j.sim.vfio.pci.UserSpace;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * An open {@code /dev/vfio/devices/vfioN}, or a device's descriptor from its group ({@code struct
 * vfio_device_file}). Until {@code VFIO_DEVICE_BIND_IOMMUFD} every other request of a node is
 * refused with EINVAL; several opens may stand side by side, of which one can be bound. The last
 * close detaches and unbinds. A descriptor from a group can be used at once, and neither bound nor
 * attached.
 */
public final class VfioDeviceFile implements OpenFile {

  private final VfioDevice device;
  private final VfioDevices devices;
  private final Attachments attachments;
  private final HotReset hotReset;
  private final @Nullable VfioGroup group;
  private volatile boolean bound;
  private long position;

  private VfioDeviceFile(
      VfioDevice device, VfioDevices devices, UserSpace user, @Nullable VfioGroup group) {
    this.device = device;
    this.devices = devices;
    this.attachments = new Attachments(device, user);
    this.hotReset = new HotReset(device, devices, user);
    this.group = group;
    this.bound = group != null;
  }

  /**
   * {@code vfio_device_fops_cdev_open}: an open of a device's node.
   *
   * @throws Refused ENODEV when the driver is letting go of the device
   */
  static VfioDeviceFile open(VfioDevice device, VfioDevices devices, UserSpace user) {
    device.registration().get();
    return new VfioDeviceFile(device, devices, user, null);
  }

  /**
   * {@code vfio_device_open_file}: an open of a device through its group.
   *
   * @throws Refused ENODEV when the driver is letting go of the device, and as {@link
   *     VfioGroup#openDevice}
   */
  static VfioDeviceFile open(
      VfioDevice device, VfioDevices devices, UserSpace user, VfioGroup through) {
    device.registration().get();
    try {
      through.openDevice(device);
    } catch (Refused refused) {
      device.registration().put();
      throw refused;
    }
    return new VfioDeviceFile(device, devices, user, through);
  }

  @Override
  public int ioctl(int number, long argument) {
    Request request = Request.find(number, FileKind.VFIO_DEVICE).orElse(null);
    if (request == Request.VFIO_DEVICE_BIND_IOMMUFD) {
      attachments.bind(this, argument);
      return 0;
    }
    requireBound();
    if (request == null) {
      throw Refused.with(Errno.ENOTTY);
    }
    switch (request) {
      case VFIO_DEVICE_ATTACH_IOMMUFD_PT -> ofNode().attach(argument);
      case VFIO_DEVICE_DETACH_IOMMUFD_PT -> ofNode().detach(argument);
      case VFIO_DEVICE_FEATURE -> {
        return device.features().feature(argument);
      }
      case VFIO_DEVICE_GET_REGION_INFO -> device.description().regionInfo(argument);
      case VFIO_DEVICE_GET_INFO -> device.description().deviceInfo(argument);
      case VFIO_DEVICE_GET_IRQ_INFO -> device.description().irqInfo(argument);
      case VFIO_DEVICE_SET_IRQS -> device.irqs().set(argument);
      case VFIO_DEVICE_IOEVENTFD -> device.ioEventFds().set(argument);
      case VFIO_DEVICE_RESET -> device.reset();
      case VFIO_DEVICE_GET_PCI_HOT_RESET_INFO -> hotReset.info(argument);
      case VFIO_DEVICE_PCI_HOT_RESET -> hotReset.reset(argument);
      default -> throw Refused.with(Errno.ENOTTY);
    }
    return 0;
  }

  /**
   * The attachments, which only a node's file has; ENOTTY for a descriptor from a group, which
   * knows no such requests.
   */
  private Attachments ofNode() {
    if (group != null) {
      throw Refused.with(Errno.ENOTTY);
    }
    return attachments;
  }

  @Override
  public synchronized long read(MemorySegment buffer) {
    long done = pread(buffer, position);
    position += done;
    return done;
  }

  @Override
  public synchronized long write(MemorySegment buffer) {
    long done = pwrite(buffer, position);
    position += done;
    return done;
  }

  @Override
  public long pread(MemorySegment buffer, long offset) {
    requireBound();
    return device.regions().read(buffer, offset);
  }

  @Override
  public long pwrite(MemorySegment buffer, long offset) {
    requireBound();
    return device.regions().write(buffer, offset);
  }

  @Override
  public MemorySegment mmap(long bytes, int protection, int flags, long offset) {
    requireBound();
    return device.regions().map(bytes, flags, offset);
  }

  @Override
  public void mmapInto(MemorySegment memory, int protection, int flags, long offset) {
    requireBound();
    device.regions().mapInto(memory, flags, offset);
  }

  @Override
  public long registers(long offset) {
    int bar = Regions.indexOf(offset);
    return bar > VFIO_PCI_BAR5_REGION_INDEX()
        ? -1
        : device.dmaBufs().registers(bar) + Regions.within(offset);
  }

  @Override
  public void unmapped(MemorySegment mapping) {
    device.regions().unmap(mapping);
  }

  /** A node's file is shown by its path. */
  @Override
  public String shownAs() {
    return group == null ? "" : "anon_inode:[vfio-device]";
  }

  /** {@code vfio_device_show_fdinfo}. */
  @Override
  public String info() {
    return "vfio-device-syspath: /sys/" + devices.place(device.function()) + "\n";
  }

  @Override
  public void release() {
    VfioGroup through = group;
    if (through != null) {
      through.closeDevice(device);
    } else if (bound) {
      attachments.unbind();
      bound = false;
    }
    device.registration().put();
  }

  /** True if it came from the device's group. */
  boolean fromGroup() {
    return group != null;
  }

  /** True if this is the open that is bound. */
  boolean bound() {
    return bound;
  }

  void granted() {
    bound = true;
  }

  private void requireBound() {
    if (!bound) {
      throw Refused.with(Errno.EINVAL);
    }
  }
}
