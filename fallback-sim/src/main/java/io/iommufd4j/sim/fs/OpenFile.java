// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.fs;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.MemorySegment;

/**
 * An open file ({@code struct file} with its operations). What an operation does not support it
 * refuses as the kernel does for a file without that operation. Every method may throw {@link
 * Refused}.
 */
public interface OpenFile {

  /**
   * {@code unlocked_ioctl}.
   *
   * @param argument the raw argument: an address or an integer
   * @return ≥ 0
   */
  default int ioctl(int request, long argument) {
    throw Refused.with(Errno.ENOTTY);
  }

  /** {@code read}, at the file's own position or with none. */
  default long read(MemorySegment buffer) {
    throw Refused.with(Errno.EINVAL);
  }

  /** {@code write}, at the file's own position or with none. */
  default long write(MemorySegment buffer) {
    throw Refused.with(Errno.EINVAL);
  }

  /** {@code read} at an offset in bytes. */
  default long pread(MemorySegment buffer, long offset) {
    throw Refused.with(Errno.ESPIPE);
  }

  /** {@code write} at an offset in bytes. */
  default long pwrite(MemorySegment buffer, long offset) {
    throw Refused.with(Errno.ESPIPE);
  }

  /**
   * {@code mmap}.
   *
   * @return the memory mapped, exactly {@code bytes} long and aligned to a page; the file keeps it
   *     alive until {@link #unmapped}
   */
  default MemorySegment mmap(long bytes, int protection, int flags, long offset) {
    throw Refused.with(Errno.ENODEV);
  }

  /**
   * {@code mmap} into memory that whoever calls has made, as other processes are to share it.
   *
   * @param memory exactly as long as the mapping and aligned to a page; it stays until {@link
   *     #unmapped}
   */
  default void mmapInto(MemorySegment memory, int protection, int flags, long offset) {
    throw Refused.with(Errno.ENODEV);
  }

  /**
   * The physical address of the device's register at an offset in the file ({@code VM_PFNMAP}).
   *
   * @return −1 for a file that is no device's
   */
  default long registers(long offset) {
    return -1;
  }

  /** A mapping made by {@link #mmap} or {@link #mmapInto} is gone. */
  default void unmapped(MemorySegment mapping) {}

  /** {@code ftruncate}. */
  default void truncate(long bytes) {
    throw Refused.with(Errno.EINVAL);
  }

  /**
   * {@code POLL*} bits that hold now. A file that has bits come and go wakes who waits for them
   * with {@link Wakeups#wake}.
   */
  default int poll() {
    return Poll.ALWAYS;
  }

  /**
   * The name in {@code /proc/PID/fd} of a descriptor that was not got by a path, as {@code
   * anon_inode:[vfio-device]}; empty for a file that is not shown.
   */
  default String shownAs() {
    return "";
  }

  /** {@code show_fdinfo}: lines of its own in {@code /proc/PID/fdinfo}. */
  default String info() {
    return "";
  }

  /** {@code release}: the last descriptor and the last mapping are gone. Never throws. */
  default void release() {}
}
