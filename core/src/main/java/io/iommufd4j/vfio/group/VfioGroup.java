// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.vfio.group;

import io.iommufd4j.IommufdRef;
import io.iommufd4j.bindings.vfio.vfio_group_status;
import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.error.HostException;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.IommuGroup;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.vfio.VfioDevice;
import io.iommufd4j.wire.KernelFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.UUID;

/**
 * A VFIO group that this object owns: the devices of an IOMMU group, on hosts or in programs
 * without cdevs. A group is open once at a time, and not while one of its devices is bound by its
 * cdev.
 *
 * <p>It is put into a container, or into an iommufd, and then its devices can be opened. They are
 * closed before it: a device keeps the group open in the kernel.
 */
public final class VfioGroup implements AutoCloseable {

  private static final String NODES = "/dev/vfio/";
  private static final String NO_IOMMU_NODES = NODES + "noiommu-";

  private final KernelFile file;

  private VfioGroup(KernelFile file) {
    this.file = file;
  }

  /**
   * Opens the group of a PCI device that a VFIO driver has.
   *
   * @param kernel the kernel that has the device
   * @param address of any device of the group
   * @return the group, in no container yet
   * @throws HostException {@code ENODEV} when there is no such device, or it is in no group
   * @throws KernelException as {@link #openNode}
   */
  public static VfioGroup open(Kernel kernel, PciAddress address) {
    Host host = Host.of(kernel);
    IommuGroup group =
        host.groupOf(host.device(address))
            .orElseThrow(() ->
                new HostException(
                    "find the group of " + address,
                    Errno.ENODEV,
                    "a device is in a group when an IOMMU translates for it, or once vfio-pci"
                        + " has it in no-IOMMU mode"));
    return openNode(
        kernel, (group.translates() || group.emulated() ? NODES : NO_IOMMU_NODES) + group.number());
  }

  /**
   * Opens a group by its node. Sysfs is not asked.
   *
   * @param kernel the kernel that has the group
   * @param path as {@code /dev/vfio/26}, or {@code /dev/vfio/noiommu-0}
   * @return the group, in no container yet
   * @throws KernelException {@code EBUSY} when it is open already, or a device of it is bound by
   *     its cdev; {@code ENOENT} when no VFIO driver has a device of it; {@code EACCES} without
   *     permission; {@code EPERM} without {@code CAP_SYS_RAWIO} for a group without an IOMMU
   */
  public static VfioGroup openNode(Kernel kernel, String path) {
    return new VfioGroup(KernelFile.open(kernel, path));
  }

  /**
   * Takes over a descriptor that was opened elsewhere; closing this closes it.
   *
   * @param kernel the kernel that the descriptor belongs to
   * @param fd an open group; whether it is one shows at the first request
   * @return the group, as it is
   */
  public static VfioGroup adopt(Kernel kernel, int fd) {
    return new VfioGroup(new KernelFile(kernel, fd));
  }

  /** {@return the kernel that answers} */
  public Kernel kernel() {
    return file.kernel();
  }

  /**
   * {@return the descriptor, which stays this object's; a hot reset of a device takes it}
   *
   * @throws IllegalStateException when closed
   */
  public int fd() {
    return file.fd();
  }

  /** {@return if it can be used, and is in a container ({@code VFIO_GROUP_GET_STATUS})} */
  public GroupStatus status() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment block = vfio_group_status.allocate(arena);
      vfio_group_status.argsz(block, (int) block.byteSize());
      file.ioctl(Request.VFIO_GROUP_GET_STATUS, block, null);
      int flags = vfio_group_status.flags(block);
      return new GroupStatus(
          (flags & vfio_h.VFIO_GROUP_FLAGS_VIABLE()) != 0,
          (flags & vfio_h.VFIO_GROUP_FLAGS_CONTAINER_SET()) != 0);
    }
  }

  /**
   * Puts the group into a container ({@code VFIO_GROUP_SET_CONTAINER}). If the container's IOMMU is
   * chosen already, the group's devices see at once what is mapped.
   *
   * @param container of the same kernel
   * @throws KernelException {@code EINVAL} when it is in one; {@code EBADFD} when the descriptor is
   *     neither a container nor an iommufd; {@code EBUSY} when another driver has a device of the
   *     group; {@code EPERM} for a group without an IOMMU, without {@code CAP_SYS_RAWIO} or among
   *     others; {@code ENODEV} during a hot unplug
   */
  public void setContainer(VfioContainerRef container) {
    setContainer(container.fd());
  }

  /**
   * Puts the group into an iommufd in place of a container ({@code VFIO_GROUP_SET_CONTAINER}). Its
   * devices are then bound to the iommufd when they are opened; {@link VfioContainerRef#of} maps
   * memory for them.
   *
   * @param iommufd of the same kernel
   * @throws KernelException as {@link #setContainer(VfioContainerRef)}
   */
  public void setContainer(IommufdRef iommufd) {
    setContainer(iommufd.fd());
  }

  private void setContainer(int fd) {
    try (Arena arena = Arena.ofConfined()) {
      call(Request.VFIO_GROUP_SET_CONTAINER, arena.allocateFrom(ValueLayout.JAVA_INT, fd));
    }
  }

  /**
   * Takes the group out of its container ({@code VFIO_GROUP_UNSET_CONTAINER}).
   *
   * @throws KernelException {@code EINVAL} when it is in none; {@code EBUSY} while a device of it
   *     is open
   */
  public void unsetContainer() {
    call(Request.VFIO_GROUP_UNSET_CONTAINER, MemorySegment.NULL);
  }

  /**
   * Opens a PCI device of the group ({@code VFIO_GROUP_GET_DEVICE_FD}). Its translation is the
   * container's: bind, attach and replace are not for it.
   *
   * @param address of a device that a VFIO driver has
   * @return the device, the caller's to close before the group
   * @throws KernelException {@code EINVAL} before the group is in a container with a chosen IOMMU;
   *     {@code ENODEV} when the device is not of this group, or no VFIO driver has it; {@code
   *     EACCES} when it wants a VF token
   */
  public VfioDevice openDevice(PciAddress address) {
    return openDevice(address.toString());
  }

  /**
   * Opens a virtual function whose physical function vfio-pci holds, or such a physical function,
   * by its VF token.
   *
   * @param address of a device that a VFIO driver has
   * @param token that the physical function's user chose
   * @return the device, the caller's to close before the group
   * @throws KernelException {@code EACCES} when the token is another; {@code EINVAL} when the
   *     device takes none; and as {@link #openDevice(PciAddress)}
   */
  public VfioDevice openDevice(PciAddress address, UUID token) {
    return openDevice(address + " vf_token=" + token);
  }

  /**
   * Opens a device of the group by its name in sysfs, as a mediated device's UUID.
   *
   * @param name of a device that a VFIO driver has
   * @return the device, the caller's to close before the group
   * @throws KernelException as {@link #openDevice(PciAddress)}
   */
  public VfioDevice openDevice(String name) {
    try (Arena arena = Arena.ofConfined()) {
      int fd = call(Request.VFIO_GROUP_GET_DEVICE_FD, arena.allocateFrom(name));
      return VfioDevice.ofFd(file.kernel(), fd);
    }
  }

  /**
   * Makes a request with a block of the caller's, for what this version has no method for.
   *
   * @param request one that a VFIO group answers
   * @param block its struct, native memory with its {@code argsz} filled in, or its other argument
   * @return what the kernel answered, ≥ 0
   * @throws KernelException with the errno and a hint
   */
  public int request(Request request, MemorySegment block) {
    return call(request, block);
  }

  private int call(Request request, MemorySegment argument) {
    int result = file.tryIoctl(request, argument);
    if (result < 0) {
      throw file.refused(request, result, null, errno -> GroupHint.of(request, errno));
    }
    return result;
  }

  /**
   * Gives the descriptor up to the caller; this object ends.
   *
   * @return the descriptor, still open
   * @throws IllegalStateException when closed
   */
  public int release() {
    return file.release();
  }

  /**
   * Closes the descriptor, and takes the group out of its container once no device of it is open.
   * Closing twice is harmless.
   */
  @Override
  public void close() {
    file.close();
  }
}
