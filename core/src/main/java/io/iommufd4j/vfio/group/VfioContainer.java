// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.vfio.group;

import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.wire.KernelFile;

/**
 * A VFIO container that this object owns. The kernel keeps it, with what is mapped, for as long as
 * a group is in it, so that groups are closed first.
 */
public final class VfioContainer extends VfioContainerRef implements AutoCloseable {

  private static final String PATH = "/dev/vfio/vfio";

  private VfioContainer(KernelFile file) {
    super(file);
  }

  /**
   * Opens {@code /dev/vfio/vfio}.
   *
   * @param kernel real or simulated
   * @return an empty container
   * @throws KernelException {@code ENOENT} without VFIO containers in the kernel, {@code EACCES}
   *     without permission
   */
  public static VfioContainer open(Kernel kernel) {
    return new VfioContainer(KernelFile.open(kernel, PATH));
  }

  /**
   * Takes over a descriptor that was opened elsewhere; closing this closes it.
   *
   * @param kernel the kernel that the descriptor belongs to
   * @param fd an open container of this kernel; whether it is one shows at the first request
   * @return the container with what is in it
   */
  public static VfioContainer adopt(Kernel kernel, int fd) {
    return new VfioContainer(new KernelFile(kernel, fd));
  }

  /**
   * Gives the descriptor up to the caller; this object ends.
   *
   * @return the descriptor, still open
   * @throws IllegalStateException when closed
   */
  public int release() {
    return file().release();
  }

  /** Closes the descriptor. Closing twice is harmless. */
  @Override
  public void close() {
    file().close();
  }
}
