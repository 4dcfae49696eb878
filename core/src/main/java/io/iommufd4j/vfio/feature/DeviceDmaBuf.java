// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.vfio.feature;

import io.iommufd4j.wire.KernelFile;

/**
 * Parts of a device's region as a dma-buf, which this object owns. {@code IoasRef.mapFile} maps it
 * by its descriptor; a mapping stays when this is closed. The device takes the memory back while it
 * is reset, in low power or has its memory switched off, and for good when it is closed.
 */
public final class DeviceDmaBuf implements AutoCloseable {

  private final KernelFile file;

  DeviceDmaBuf(KernelFile file) {
    this.file = file;
  }

  /**
   * {@return the descriptor, which stays this object's}
   *
   * @throws IllegalStateException when closed
   */
  public int fd() {
    return file.fd();
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

  /** Closes the descriptor. Closing twice is harmless. */
  @Override
  public void close() {
    file.close();
  }
}
