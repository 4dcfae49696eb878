// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.vfio.pci;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.fs.EventFd;
import io.iommufd4j.sim.fs.OpenFile;
import io.iommufd4j.sim.fs.OpenFiles;
import io.iommufd4j.sim.lib.KernelRelease;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.UserBlock;
import io.iommufd4j.sim.mm.UserMemory;

/**
 * The process that sends requests: the memory that their addresses lie in, and the files that their
 * descriptors stand for.
 *
 * @param release which release answers them
 */
public record UserSpace(UserMemory memory, OpenFiles files, KernelRelease release) {

  /** The block of a request. */
  public UserBlock block(long address) {
    return new UserBlock(memory, address);
  }

  /**
   * {@code eventfd_ctx_fdget}: the counter lives on when the descriptor is closed.
   *
   * @throws Refused EBADF for a closed descriptor, EINVAL for another kind of file
   */
  EventFd eventFd(int fd) {
    OpenFile file = files.find(fd);
    if (file == null) {
      throw Refused.with(Errno.EBADF);
    }
    if (file instanceof EventFd event) {
      return event;
    }
    throw Refused.with(Errno.EINVAL);
  }
}
