package io.iommufd4j.sim.vfio;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.fs.OpenFile;
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

  private final IommuGroup group;
  private final VfioPci driver;
  private final int minor;
  private final CopyOnWriteArrayList<VfioDevice> devices = new CopyOnWriteArrayList<>();
  private int fileUsers;
  private int containerUsers;
  private int boundByNode;
  private @Nullable Container container;
  private @Nullable IommufdContext iommufd;

  VfioGroup(IommuGroup group, int minor, VfioPci driver) {
    this.group = group;
    this.minor = minor;
    this.driver = driver;
  }

  /** Its node under {@code /dev/vfio}: the group's number. */
  public String nodeName() {
    return Integer.toString(group.id());
  }

  /** Its node's minor number: the lowest that was free. */
  public int minor() {
    return minor;
  }

  /** The group as the IOMMU core has it. */
  public IommuGroup iommuGroup() {
    return group;
  }

  VfioPci driver() {
    return driver;
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
   * {@code vfio_group_fops_open}.
   *
   * @throws Refused EBUSY when it is open, or a device of it is bound by its own node
   */
  public synchronized OpenFile open() {
    if (boundByNode > 0 || fileUsers > 0) {
      throw Refused.with(Errno.EBUSY);
    }
    fileUsers = 1;
    return new VfioGroupFile(this);
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
   * The same with an iommufd, which gets an IOAS for type 1 requests when it has none.
   *
   * @throws Refused EINVAL when there is a container, or the context is for devices without IOMMU
   */
  synchronized void enter(IommufdContext into) {
    requireNone();
    into.needCompatibleIoas();
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

  /** Whether a container or an iommufd is set. */
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
   *     iommufd has no IOAS for it; else as binding and attaching to an iommufd
   */
  synchronized void openDevice(VfioDevice device) {
    if (!hasContainer()) {
      throw Refused.with(Errno.EINVAL);
    }
    device.lock().lock();
    try {
      IommufdContext context = iommufd;
      if (device.openCount() > 0) {
        device.openAgain();
      } else if (context != null) {
        device.enable(context);
        attachCompatible(device, context);
      } else {
        useContainer();
        device.enable();
      }
    } finally {
      device.lock().unlock();
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
      device.lock().lock();
      try {
        if (device.openCount() > 1) {
          device.closeOnce();
        } else {
          usedContainer = !device.bound();
          device.close();
          if (usedContainer) {
            containerUsers--;
          } else {
            device.iommufdDevice().detach(IommuGroup.NO_PASID);
            device.unbind();
          }
        }
      } finally {
        device.lock().unlock();
      }
    }
    if (usedContainer) {
      dropFile();
    }
  }
}
