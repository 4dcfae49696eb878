// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.path;

import io.iommufd4j.exec.file.Opened;
import io.iommufd4j.exec.file.ProgramFiles;
import io.iommufd4j.exec.view.Caller;
import io.iommufd4j.exec.view.FileView;
import io.iommufd4j.exec.view.Found;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.linux.SeccompListener;
import io.iommufd4j.sim.lib.Refused;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Names of files in calls, and what they lead to. */
final class Names {

  /** {@code AT_FDCWD}. */
  static final int WORKING_DIRECTORY = -100;

  /** {@code AT_EMPTY_PATH}. */
  static final int EMPTY_PATH = 0x1000;

  /** {@code AT_SYMLINK_NOFOLLOW}. */
  static final int NO_FOLLOW = 0x100;

  private static final int LONGEST = 4096;

  private final ProgramFiles files;
  private final FileView view;

  Names(ProgramFiles files, FileView view) {
    this.files = files;
    this.view = view;
  }

  ProgramFiles files() {
    return files;
  }

  FileView view() {
    return view;
  }

  Caller caller(SeccompListener call) {
    return new Caller(files.programs().processOf(call.thread()), call.thread());
  }

  /** A path in the caller's memory; null when it cannot be read, or the caller is gone. */
  @Nullable String path(SeccompListener call, int argument) {
    long address = call.argument(argument);
    if (address == 0) {
      return null;
    }
    String path = files.programs().string(call.thread(), address, LONGEST);
    return path == null || !call.waits() ? null : path;
  }

  /** The simulated file of a descriptor; null for another one. */
  @Nullable Opened opened(SeccompListener call, int fd) {
    return fd < 0 || files.opened().isEmpty()
        ? null
        : files.opened().at(files.programs().inode(call.thread(), fd));
  }

  /**
   * The file that a call names.
   *
   * @param directory the argument with the directory's descriptor; negative for none
   * @return {@link Found.Pass} also for a path that cannot be read: the host says so then
   */
  Found find(SeccompListener call, int directory, int path, boolean follow, long resolve) {
    int fd = directory < 0 ? WORKING_DIRECTORY : (int) call.argument(directory);
    return find(call, fd, path(call, path), follow, resolve);
  }

  /** The same of a path that was read, as {@link #path} gives it. */
  Found find(SeccompListener call, int fd, @Nullable String name, boolean follow, long resolve) {
    if (name == null) {
      return new Found.Pass();
    }
    if (name.isEmpty()) {
      return new Found.Refusal(Errno.ENOENT);
    }
    Caller caller = caller(call);
    if (fd == WORKING_DIRECTORY || (name.startsWith("/") && resolve == 0)) {
      return view.find(caller, null, name, follow, resolve);
    }
    Opened opened = opened(call, fd);
    if (opened == null) {
      String base = hostDirectory(caller, fd);
      return base == null ? new Found.Pass() : view.find(caller, base, name, follow, resolve);
    }
    if (!(opened.file() instanceof OpenDirectory directory)) {
      return new Found.Refusal(Errno.ENOTDIR);
    }
    String base = directory.directory().path();
    return view.find(caller, base, name, follow, resolve);
  }

  private static @Nullable String hostDirectory(Caller caller, int fd) {
    try {
      String path =
          Files.readSymbolicLink(Path.of("/proc/" + caller.pid() + "/fd/" + fd)).toString();
      return path.startsWith("/") ? path : null;
    } catch (IOException closed) {
      return null;
    }
  }

  /**
   * Fills a segment from the caller's memory.
   *
   * @throws Refused EFAULT
   */
  void read(SeccompListener call, long address, MemorySegment into) {
    MemorySegment bytes = files.programs().bytes(call.thread(), address, (int) into.byteSize());
    if (bytes == null) {
      throw Refused.with(Errno.EFAULT);
    }
    into.copyFrom(bytes);
  }

  /**
   * Copies a segment into the caller's memory.
   *
   * @throws Refused EFAULT
   */
  void write(SeccompListener call, long address, MemorySegment from) {
    if (from.byteSize() > 0 && !files.programs().put(call.thread(), address, from)) {
      throw Refused.with(Errno.EFAULT);
    }
  }
}
