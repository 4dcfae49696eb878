// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.view;

import org.jspecify.annotations.Nullable;

/** The files that the programs on a simulated machine see. */
public interface FileView {

  /**
   * Finds the file at a path, as a system call does.
   *
   * @param caller who calls
   * @param base the path of the directory descriptor that the call names, absolute and without
   *     links, as the program sees it; null for the working directory
   * @param path the call's path; an empty one is the base itself ({@code AT_EMPTY_PATH})
   * @param follow false when a link at the end is not followed
   * @param resolve {@code RESOLVE_*} of {@code openat2(2)}; 0 for other calls
   * @return the file; a last name that does not exist is the host's when its directory is, so that
   *     programs can make files
   */
  Found find(Caller caller, @Nullable String base, String path, boolean follow, long resolve);

  /**
   * {@code chdir(2)} to a simulated directory: from now on the process' relative paths are found
   * from there.
   *
   * @param path absolute and without links; null when the process goes to a directory of the host
   *     by a call that passes
   */
  void changeDirectory(Caller caller, @Nullable String path);

  /**
   * {@return the working directory that the process has by {@link #changeDirectory}; null when it
   * is the host's}
   */
  @Nullable String workingDirectory(Caller caller);

  /** A process has ended. */
  void exited(int pid);
}
