// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.vfio.feature;

import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.bindings.vfio.vfio_precopy_info;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.event.Pollable;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.wire.KernelFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The stream of data that a device's state goes out or in by, which this object owns. It ends with
 * the state that it was opened for: then it answers {@code ENODEV}.
 */
public final class MigrationData implements Pollable, AutoCloseable {

  private final KernelFile file;

  MigrationData(KernelFile file) {
    this.file = file;
  }

  @Override
  public Kernel kernel() {
    return file.kernel();
  }

  @Override
  public int fd() {
    return file.fd();
  }

  /**
   * Reads what comes next of the state.
   *
   * @param buffer a native segment to fill
   * @return bytes read; 0 at the end
   * @throws KernelException {@code ENOMSG} when a device that runs has nothing at the moment;
   *     {@code ENODEV} once the device is in another state; {@code EBADF} of a stream to write
   */
  public long read(MemorySegment buffer) {
    return file.checked("read", file.tryRead(buffer));
  }

  /**
   * Writes what comes next of the state.
   *
   * @param buffer a native segment
   * @return bytes written
   * @throws KernelException {@code EINVAL} for data that is not of such a device; {@code ENODEV}
   *     once the device is in another state; {@code EBADF} of a stream to read
   */
  public long write(MemorySegment buffer) {
    return file.write(buffer);
  }

  /**
   * {@return how much there is to read while the device runs ({@code VFIO_MIG_GET_PRECOPY_INFO})}
   *
   * @throws KernelException {@code EINVAL} in other states than {@link MigrationState#PRE_COPY} and
   *     {@link MigrationState#PRE_COPY_P2P}; {@code ENOTTY} of a stream to write
   */
  public PrecopyInfo precopy() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment block = vfio_precopy_info.allocate(arena);
      vfio_precopy_info.argsz(block, (int) block.byteSize());
      file.ioctl(Request.VFIO_MIG_GET_PRECOPY_INFO, block, null);
      return new PrecopyInfo(
          vfio_precopy_info.initial_bytes(block),
          vfio_precopy_info.dirty_bytes(block),
          (vfio_precopy_info.flags(block) & vfio_h.VFIO_PRECOPY_INFO_REINIT()) != 0);
    }
  }

  /** Closes the descriptor. Closing twice is harmless. */
  @Override
  public void close() {
    file.close();
  }
}
