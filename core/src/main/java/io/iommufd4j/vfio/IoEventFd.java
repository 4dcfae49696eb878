// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.vfio;

import io.iommufd4j.bindings.vfio.vfio_device_ioeventfd;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.event.EventFdRef;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.ErrnoCode;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.wire.KernelFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The connection of an eventfd with a write of a register ({@code VFIO_DEVICE_IOEVENTFD}). Closing
 * it ends the connection and leaves the eventfd as it is.
 */
public final class IoEventFd implements AutoCloseable {

  private static final int NO_FD = -1;

  private final KernelFile file;
  private final long offset;
  private final int width;
  private final long value;
  private boolean open = true;

  private IoEventFd(KernelFile file, long offset, int width, long value) {
    this.file = file;
    this.offset = offset;
    this.width = width;
    this.value = value;
  }

  static IoEventFd connect(
      KernelFile file, RegionInfo region, long position, int width, long value, EventFdRef event) {
    if (Integer.bitCount(width) != 1 || width < 1 || width > Long.BYTES) {
      throw new IllegalArgumentException("a register has 1, 2, 4 or 8 bytes, unlike " + width);
    }
    long at = region.offset() + RegionBounds.checked(position, width, region.size());
    var connection = new IoEventFd(file, at, width, value);
    connection.set(event.fd());
    return connection;
  }

  private void set(int fd) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment block = vfio_device_ioeventfd.allocate(arena);
      vfio_device_ioeventfd.argsz(block, (int) block.byteSize());
      // The flags are the width, and nothing else.
      vfio_device_ioeventfd.flags(block, width);
      vfio_device_ioeventfd.offset(block, offset);
      vfio_device_ioeventfd.data(block, value);
      vfio_device_ioeventfd.fd(block, fd);
      int result = file.tryIoctl(Request.VFIO_DEVICE_IOEVENTFD, block);
      if (result < 0) {
        throw file.refused(Request.VFIO_DEVICE_IOEVENTFD, result, null, IoEventFd::hint);
      }
    }
  }

  private static String hint(ErrnoCode errno) {
    return switch (errno) {
      case Errno.EEXIST -> "this value is written there by an eventfd already";
      case Errno.EBADF -> "the eventfd is closed";
      case Errno.ENOSPC -> "the device has as many of these connections as the kernel allows, 1000";
      case Errno.EINVAL ->
          "the place is in no BAR, in an I/O port BAR or in the MSI-X table, or the descriptor is no"
              + " eventfd";
      default -> "";
    };
  }

  /**
   * Ends the connection. Closing twice is harmless, and so is a device that is closed already.
   *
   * @throws KernelException {@code ENODEV} when somebody else has ended it
   */
  @Override
  public synchronized void close() {
    if (open) {
      open = false;
      if (file.isOpen()) {
        set(NO_FD);
      }
    }
  }
}
