// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.vfio;

import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_GROUP_FLAGS_CONTAINER_SET;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_GROUP_FLAGS_VIABLE;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.bindings.vfio.vfio_group_status;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.FileKind;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.sim.fs.OpenFile;
import io.iommufd4j.sim.iommufd.IommufdFile;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.UserBlock;
import io.iommufd4j.sim.mm.UserMemory;
import io.iommufd4j.sim.vfio.pci.UserSpace;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/** An open {@code /dev/vfio/GROUP}. */
final class VfioGroupFile implements OpenFile {

  private final VfioGroup group;
  private final VfioDevices devices;
  private final UserSpace user;

  private VfioGroupFile(VfioGroup group, VfioDevices devices, UserSpace user) {
    this.group = group;
    this.devices = devices;
    this.user = user;
  }

  /**
   * {@code vfio_group_fops_open}.
   *
   * @throws Refused as {@link VfioGroup#takeFile}
   */
  static VfioGroupFile open(VfioGroup group, VfioDevices devices, UserSpace user) {
    group.takeFile();
    return new VfioGroupFile(group, devices, user);
  }

  /** The group that the file is open on. */
  VfioGroup group() {
    return group;
  }

  @Override
  public int ioctl(int number, long argument) {
    Request request = Request.find(number, FileKind.VFIO_GROUP).orElse(null);
    switch (request) {
      case VFIO_GROUP_GET_DEVICE_FD -> {
        return deviceFd(argument);
      }
      case VFIO_GROUP_GET_STATUS -> status(argument);
      case VFIO_GROUP_SET_CONTAINER -> setContainer(argument);
      case VFIO_GROUP_UNSET_CONTAINER -> group.leave();
      case null, default -> throw Refused.with(Errno.ENOTTY);
    }
    return 0;
  }

  /** {@code vfio_group_ioctl_get_status}: EFAULT, EINVAL for a short structure. */
  private void status(long argument) {
    var block = user.block(argument);
    MemorySegment status = block.take(Request.VFIO_GROUP_GET_STATUS);
    int flags = 0;
    if (group.hasContainer()) {
      flags = VFIO_GROUP_FLAGS_CONTAINER_SET() | VFIO_GROUP_FLAGS_VIABLE();
    } else if (!group.iommuGroup().owned()) {
      flags = VFIO_GROUP_FLAGS_VIABLE();
    }
    vfio_group_status.flags(status, flags);
    block.copyOut(status, vfio_group_status.sizeof());
  }

  /** {@code vfio_group_ioctl_set_container}: EFAULT, EBADF, EBADFD; else as entering it. */
  private void setContainer(long argument) {
    MemorySegment fd = UserBlock.room(Integer.BYTES);
    user.memory().copyIn(argument, fd);
    OpenFile file = user.files().hold(fd.get(ValueLayout.JAVA_INT, 0));
    try {
      switch (file) {
        case ContainerFile container -> group.enter(container.container());
        case IommufdFile iommufd -> group.enter(iommufd.context());
        default -> throw Refused.with(group.hasContainer() ? Errno.EINVAL : Errno.EBADFD);
      }
    } finally {
      user.files().drop(file);
    }
  }

  /** {@code vfio_group_ioctl_get_device_fd}. */
  private int deviceFd(long argument) {
    VfioDevice device = group.find(text(argument));
    return user.files().open(VfioDeviceFile.open(device, devices, user, group), libc_h.O_RDWR());
  }

  /** {@code strndup_user}: EFAULT, EINVAL for a text that does not end within a page. */
  private String text(long address) {
    var text = new ByteArrayOutputStream();
    MemorySegment one = UserBlock.room(1);
    for (int i = 0; i < UserMemory.PAGE_SIZE; i++) {
      user.memory().copyIn(address + i, one);
      byte next = one.get(ValueLayout.JAVA_BYTE, 0);
      if (next == 0) {
        return text.toString(StandardCharsets.ISO_8859_1);
      }
      text.write(next);
    }
    throw Refused.with(Errno.EINVAL);
  }

  @Override
  public void release() {
    group.dropFile();
  }
}
