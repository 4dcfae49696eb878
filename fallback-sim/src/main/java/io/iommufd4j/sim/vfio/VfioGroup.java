// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.vfio;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommu.IommuGroup;
import io.iommufd4j.sim.iommufd.IommufdContext;
import io.iommufd4j.sim.lib.Refused;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * An IOMMU group that has devices of vfio-pci ({@code struct vfio_group}). Its node is open once,
 * and while it is, no device of the group can be bound to an iommufd by a node of its own; nor can
 * it be opened while one is.
 */
public final class VfioGroup {

  /** The name of a group that VFIO made for a device without an IOMMU. */
  static final String NO_IOMMU = "vfio-noiommu";

  private final IommuGroup group;
  private final int minor;
  private final CopyOnWriteArrayList<VfioDevice> devices = new CopyOnWriteArrayList<>();
  private int fileUsers;
  private int containerUsers;
  private int boundByNode;
  private boolean throughIommufd;
  private @Nullable Container container;
  private @Nullable IommufdContext iommufd;

  VfioGroup(IommuGroup group, int minor) {
    this.group = group;
    this.minor = minor;
  }

  /** Its node under {@code /dev/vfio}: the group's number, {@code noiommu-} before it without. */
  public String nodeName() {
    return (translates() ? "" : "noiommu-") + group.id();
  }

  /** True if its devices have an IOMMU; if not, VFIO made the group, for one device. */
  boolean translates() {
    return !NO_IOMMU.equals(group.name());
  }

  /** Its node's minor number: the lowest that was free. */
  public int minor() {
    return minor;
  }

  /** The group as the IOMMU core has it. */
  public IommuGroup iommuGroup() {
    return group;
  }

  void add(VfioDevice device) {
    devices.add(device);
  }

  /** {@code vfio_device_remove_group}: whether that was its last device. */
  boolean remove(VfioDevice device) {
    devices.remove(device);
    return devices.isEmpty();
  }

  /**
   * Its file is open, until {@link #dropFile}.
   *
   * @throws Refused EBUSY when it is open, or a device of it is bound by its own node
   */
  synchronized void takeFile() {
    if (boundByNode > 0 || fileUsers > 0) {
      throw Refused.with(Errno.EBUSY);
    }
    fileUsers = 1;
  }

  /** {@code vfio_group_fops_release}, once no device of its container holds the file either. */
  synchronized void dropFile() {
    if (--fileUsers > 0) {
      return;
    }
    leaveContainer();
    leaveIommufd();
  }

  /**
   * {@code vfio_device_block_group}: a device of it is about to be bound by its own node.
   *
   * @throws Refused EBUSY when the group is open
   */
  synchronized void block() {
    if (fileUsers > 0) {
      throw Refused.with(Errno.EBUSY);
    }
    boundByNode++;
  }

  /** {@code vfio_device_unblock_group}. */
  synchronized void unblock() {
    boundByNode--;
  }

  /**
   * {@code vfio_group_ioctl_set_container} with a container.
   *
   * @throws Refused EINVAL when there is one, and as {@link Container#add}
   */
  synchronized void enter(Container into) {
    requireNone();
    into.add(this);
    container = into;
    containerUsers = 1;
  }

  /**
   * The same with an iommufd, which gets an IOAS for type 1 requests when it has none; for a device
   * without IOMMU it must have none.
   *
   * @throws Refused EINVAL when there is a container, or the context is of the other kind
   */
  synchronized void enter(IommufdContext into) {
    requireNone();
    if (translates()) {
      into.needCompatibleIoas();
    } else {
      into.withoutIommu();
    }
    into.get();
    iommufd = into;
  }

  private void requireNone() {
    if (container != null || iommufd != null) {
      throw Refused.with(Errno.EINVAL);
    }
  }

  /**
   * {@code vfio_group_ioctl_unset_container}.
   *
   * @throws Refused EINVAL when there is none, EBUSY when a device is open in a container
   */
  synchronized void leave() {
    if (container == null && iommufd == null) {
      throw Refused.with(Errno.EINVAL);
    }
    if (container != null && containerUsers != 1) {
      throw Refused.with(Errno.EBUSY);
    }
    leaveContainer();
    leaveIommufd();
  }

  private void leaveContainer() {
    Container left = container;
    if (left != null) {
      left.remove(this);
      container = null;
      containerUsers = 0;
    }
  }

  private void leaveIommufd() {
    IommufdContext left = iommufd;
    if (left != null) {
      iommufd = null;
      left.put();
    }
  }

  /** True if a container or an iommufd is set. */
  synchronized boolean hasContainer() {
    return container != null || iommufd != null;
  }

  /**
   * {@code vfio_device_get_from_name}: a device of the group, by its name and perhaps a token.
   *
   * @throws Refused ENODEV when there is none, EINVAL for options it does not take
   */
  VfioDevice find(String name) {
    for (VfioDevice device : devices) {
      if (DeviceName.matches(device, name)) {
        return device;
      }
    }
    throw Refused.with(Errno.ENODEV);
  }

  /**
   * {@code vfio_df_group_open}: a device may be opened several times this way.
   *
   * @throws Refused EINVAL without a container or before its IOMMU is chosen, ENODEV when the
   *     iommufd has no IOAS for it, EPERM when it has one for a device without IOMMU; else as
   *     binding and attaching to an iommufd
   */
  synchronized void openDevice(VfioDevice device) {
    if (!hasContainer()) {
      throw Refused.with(Errno.EINVAL);
    }
    try (var _ = device.lock().guard()) {
      IommufdContext context = iommufd;
      if (device.openCount() > 0) {
        device.openAgain();
      } else if (context == null) {
        useContainer();
        device.enable();
      } else if (translates()) {
        device.enable(context);
        attachCompatible(device, context);
      } else {
        // Who made an IOAS expects what there is not.
        if (context.hasCompatibleIoas()) {
          throw Refused.with(Errno.EPERM);
        }
        device.enable();
        throughIommufd = true;
      }
    }
  }

  /** {@code vfio_iommufd_compat_attach_ioas}. */
  private static void attachCompatible(VfioDevice device, IommufdContext context) {
    try {
      device.iommufdDevice().attach(IommuGroup.NO_PASID, context.compatibleIoasId());
    } catch (Refused refused) {
      device.disable();
      throw refused;
    }
  }

  /** {@code vfio_group_use_container}: the device keeps the group's file. */
  private void useContainer() {
    Container used = container;
    if (used == null || !used.hasIommu()) {
      throw Refused.with(Errno.EINVAL);
    }
    fileUsers++;
    containerUsers++;
  }

  /** {@code vfio_df_group_close}. */
  void closeDevice(VfioDevice device) {
    boolean usedContainer = false;
    synchronized (this) {
      try (var _ = device.lock().guard()) {
        if (device.openCount() > 1) {
          device.closeOnce();
        } else {
          usedContainer = closeLast(device);
        }
      }
    }
    if (usedContainer) {
      dropFile();
    }
  }

  /** {@code vfio_df_device_last_close}: whether the device was opened in a container. */
  private boolean closeLast(VfioDevice device) {
    device.close();
    if (throughIommufd) {
      // Nothing was bound there.
      throughIommufd = false;
      return false;
    }
    if (device.bound()) {
      device.iommufdDevice().detach(IommuGroup.NO_PASID);
      device.unbind();
      return false;
    }
    containerUsers--;
    return true;
  }
}
