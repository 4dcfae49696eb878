// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.fs;

import io.iommufd4j.sim.lib.Refused;
import org.jspecify.annotations.Nullable;

/** Open files by descriptor, for requests that name one file to another. */
public interface OpenFiles {

  /**
   * The file that a descriptor stands for; null when it is closed. Another thread may close it at
   * any moment.
   */
  @Nullable OpenFile find(int fd);

  /**
   * {@code fget}: a reference to the file, which keeps it open whatever becomes of the descriptor.
   *
   * @throws Refused EBADF when the descriptor is closed
   */
  OpenFile hold(int fd);

  /**
   * A descriptor for a file just opened.
   *
   * @param flags {@code O_*}; only the access mode counts here
   * @throws Refused EMFILE when there are too many; the file is released then
   */
  int open(OpenFile file, int flags);

  /**
   * Ends a descriptor; the file's last reference releases it.
   *
   * @throws Refused EBADF
   */
  void close(int fd);

  /** {@code fput}: undoes {@link #hold}; the last one releases the file. */
  void drop(OpenFile file);

  /**
   * {@code get_unused_fd_flags} and {@code anon_inode_getfile}: a descriptor for a file just made,
   * under which nobody finds it yet.
   *
   * @param flags {@code O_*}; only the access mode counts here
   * @throws Refused EMFILE when there are too many; the file is released then
   */
  int reserve(OpenFile file, int flags);

  /** {@code fd_install}: from now on the descriptor stands for its file. */
  void install(int fd);

  /** {@code put_unused_fd} and {@code fput}: undoes {@link #reserve}, and releases the file. */
  void cancel(int fd);
}
