// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.vfio;

import io.iommufd4j.error.HostException;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.error.OrderedClose;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.MediatedDevice;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.wire.KernelFile;

/**
 * A VFIO device that this object owns. Closing it detaches it and closes the descriptor, which
 * unbinds it from the iommufd.
 */
public final class VfioDevice extends VfioDeviceRef implements AutoCloseable {

  private VfioDevice(KernelFile file) {
    super(file);
  }

  /**
   * Opens a PCI device that a VFIO driver has, by its cdev.
   *
   * @param kernel the kernel that has the device
   * @param address in any domain
   * @return the device, not bound yet
   * @throws HostException {@code ENODEV} when there is no such device, or no VFIO driver has it
   * @throws KernelException {@code EACCES} without permission; {@code ENOENT} without the cdev
   */
  public static VfioDevice open(Kernel kernel, PciAddress address) {
    return openCdev(kernel, CdevPath.of(Host.of(kernel), address));
  }

  /**
   * Opens a mediated device by its cdev.
   *
   * @param kernel the kernel that has the device
   * @param device as {@link Host} found it
   * @return the device, not bound yet
   * @throws HostException {@code ENODEV} when its kernel has no VFIO cdevs
   * @throws KernelException {@code EACCES} without permission; {@code ENOENT} without the cdev
   */
  public static VfioDevice open(Kernel kernel, MediatedDevice device) {
    return openCdev(kernel, CdevPath.of(device));
  }

  /**
   * Opens a cdev. Sysfs is not asked.
   *
   * @param kernel the kernel that has the device
   * @param path as {@code /dev/vfio/devices/vfio0}
   * @return the device, not bound yet
   * @throws KernelException {@code EACCES} without permission; {@code ENOENT} without the cdev
   */
  public static VfioDevice openCdev(Kernel kernel, String path) {
    return new VfioDevice(KernelFile.open(kernel, path));
  }

  /**
   * Takes over a descriptor that was opened elsewhere; closing this closes it.
   *
   * @param kernel the kernel that the descriptor belongs to
   * @param fd an open {@code /dev/vfio/devices/vfioN}; whether it is one shows at the first request
   * @return the device; {@link #assumeBound} tells it of a bind made elsewhere
   */
  public static VfioDevice ofFd(Kernel kernel, int fd) {
    return new VfioDevice(new KernelFile(kernel, fd));
  }

  /**
   * Gives the descriptor up to the caller, bound and attached as it is; this object ends.
   *
   * @return the descriptor, still open
   * @throws IllegalStateException when closed
   */
  public int release() {
    int fd = file().release();
    unbound();
    return fd;
  }

  /**
   * Detaches what is attached and closes the descriptor, even if one of the two fails. Closing
   * twice is harmless.
   *
   * @throws KernelException the first failure, with the others suppressed in it; the descriptor is
   *     closed all the same
   */
  @Override
  public void close() {
    if (!file().isOpen()) {
      return;
    }
    var steps = new OrderedClose();
    steps.step(this::detachAll);
    steps.step(file()::close);
    steps.step(this::unbound);
    steps.report();
  }
}
