// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.call;

import io.iommufd4j.exec.file.Opened;
import io.iommufd4j.exec.file.ProgramFiles;
import io.iommufd4j.exec.view.Caller;
import io.iommufd4j.exec.view.FileView;
import io.iommufd4j.exec.view.Found;
import io.iommufd4j.linux.SeccompListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The file that a call names by a path, or by a directory's descriptor and a path. */
final class PathArguments {

  /** {@code AT_FDCWD}. */
  static final int WORKING_DIRECTORY = -100;

  private static final int PATH_MAX = 4096;

  private final ProgramFiles files;
  private final FileView view;

  PathArguments(ProgramFiles files, FileView view) {
    this.files = files;
    this.view = view;
  }

  FileView view() {
    return view;
  }

  Caller caller(SeccompListener call) {
    return new Caller(files.programs().processOf(call.thread()), call.thread());
  }

  /**
   * Finds it.
   *
   * @param directory a descriptor, or {@link #WORKING_DIRECTORY}
   * @param address of the path
   * @param follow whether a link at the end is followed
   * @param resolve {@code RESOLVE_*}
   * @return {@link Found.Pass} also for a path that cannot be read, and a call that is over
   */
  Found find(SeccompListener call, int directory, long address, boolean follow, long resolve) {
    String path = files.programs().string(call.thread(), address, PATH_MAX);
    if (path == null || !call.waits()) {
      return new Found.Pass();
    }
    String base = null;
    if (directory != WORKING_DIRECTORY && !path.startsWith("/")) {
      base = path(call, directory);
      if (base == null) {
        return new Found.Pass();
      }
    } else if (path.isEmpty()) {
      return new Found.Pass();
    }
    return view.find(caller(call), base, path, follow, resolve);
  }

  /** The path of what a descriptor was opened by; null for a file without one. */
  @Nullable String path(SeccompListener call, int fd) {
    Opened opened = opened(call, fd);
    if (opened != null) {
      return opened.path().isEmpty() ? null : opened.path();
    }
    try {
      Path link = Path.of("/proc", Integer.toString(call.thread()), "fd", Integer.toString(fd));
      String target = Files.readSymbolicLink(link).toString();
      return target.startsWith("/") ? target : null;
    } catch (IOException closed) {
      return null;
    }
  }

  /** The simulated file of a descriptor; null for another one. */
  @Nullable Opened opened(SeccompListener call, int fd) {
    return files.opened().isEmpty() || fd < 0
        ? null
        : files.opened().at(files.programs().inode(call.thread(), fd));
  }
}
