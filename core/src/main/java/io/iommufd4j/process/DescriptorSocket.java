// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.process;

import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.ErrnoCode;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.wire.KernelFile;
import java.util.Arrays;

/**
 * A connected {@code AF_UNIX} socket by which processes hand descriptors over ({@code SCM_RIGHTS}):
 * the way that a privileged process gives an iommufd and a VFIO device to one without privileges.
 */
public final class DescriptorSocket implements AutoCloseable {

  /** {@code SCM_MAX_FD}: the most descriptors of one message. */
  private static final int MOST = 253;

  private final KernelFile file;

  private DescriptorSocket(KernelFile file) {
    this.file = file;
  }

  /**
   * Connects to a server of this machine.
   *
   * @param kernel that the descriptors belong to
   * @param path of the server's socket, at most 107 bytes
   * @return the socket, the caller's to close
   * @throws KernelException {@code ENOENT} without it; {@code ECONNREFUSED} when nobody listens
   */
  public static DescriptorSocket connect(Kernel kernel, String path) {
    int fd = kernel.connect(path);
    if (fd < 0) {
      throw KernelException.onPath("connect to", path, ErrnoCode.of(fd), "");
    }
    return ofFd(kernel, fd);
  }

  /**
   * Takes over a socket that was connected elsewhere; closing this closes it.
   *
   * @param kernel that the descriptors belong to
   * @param fd a connected {@code AF_UNIX} socket
   * @return the socket
   */
  public static DescriptorSocket ofFd(Kernel kernel, int fd) {
    return new DescriptorSocket(new KernelFile(kernel, fd));
  }

  /** {@return the descriptor; it stays this object's} */
  public int fd() {
    return file.fd();
  }

  /**
   * Sends descriptors, with one byte. They stay open here.
   *
   * @param fds 1 to 253 descriptors
   * @throws KernelException {@code EBADF} for one that is closed; {@code EPIPE} when the other side
   *     is closed
   */
  public void send(int... fds) {
    int result = file.kernel().sendDescriptors(file.fd(), fds);
    if (result < 0) {
      throw KernelException.onFd("sendmsg", ErrnoCode.of(result), file.fd(), null, "");
    }
  }

  /**
   * Waits for the next message.
   *
   * @return its descriptors, closed on exec, the caller's to close; none once the other side is
   *     closed
   * @throws KernelException {@code EMFILE} when there are too many
   */
  public int[] receive() {
    var fds = new int[MOST];
    int count = file.kernel().receiveDescriptors(file.fd(), fds);
    if (count < 0) {
      throw KernelException.onFd("recvmsg", ErrnoCode.of(count), file.fd(), null, "");
    }
    return Arrays.copyOf(fds, count);
  }

  @Override
  public void close() {
    file.close();
  }
}
