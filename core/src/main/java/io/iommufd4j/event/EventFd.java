// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.event;

import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.wire.KernelFile;

/**
 * An eventfd that this object owns.
 *
 * <p>The kernel keeps the counter for as long as an interrupt is connected to it, so that closing
 * it first is harmless: signals then go nowhere.
 */
public final class EventFd extends EventFdRef implements AutoCloseable {

  private EventFd(KernelFile file) {
    super(file);
  }

  /**
   * Makes one that has counted nothing ({@code EFD_NONBLOCK}, {@code EFD_CLOEXEC}).
   *
   * @param kernel the kernel that is to signal it
   * @return the eventfd, the caller's to close
   * @throws KernelException {@code EMFILE} or {@code ENFILE} when there are too many descriptors
   */
  public static EventFd create(Kernel kernel) {
    return new EventFd(KernelFile.eventFd(kernel));
  }

  /**
   * Takes over an eventfd that was made elsewhere; closing this closes it.
   *
   * @param kernel the kernel that the descriptor belongs to
   * @param fd an open eventfd, as {@link EventFdRef#of} takes it
   * @return the eventfd with what it has counted
   */
  public static EventFd adopt(Kernel kernel, int fd) {
    return new EventFd(new KernelFile(kernel, fd));
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
