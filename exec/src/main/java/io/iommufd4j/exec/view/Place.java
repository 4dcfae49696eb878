// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.view;

/**
 * A directory on the way along a path.
 *
 * @param path absolute and without links
 * @param simulated the simulated kernel has it
 * @param host the host has it, and it is shown
 */
record Place(String path, boolean simulated, boolean host) {

  /** The path of a name in a directory. */
  static String child(String directory, String name) {
    return directory.equals("/") ? "/" + name : directory + "/" + name;
  }

  /** The path of the directory that a path is in; the root's own for the root. */
  static String parent(String path) {
    int slash = path.lastIndexOf('/');
    return slash <= 0 ? "/" : path.substring(0, slash);
  }

  /** True for the root directory and what lies where simulated files may be. */
  static boolean inArea(String path) {
    return within(path, "/sys") || within(path, "/dev") || within(path, "/proc");
  }

  /** True for a directory's path itself, and for what lies below it. */
  static boolean within(String path, String directory) {
    return path.startsWith(directory)
        && (path.length() == directory.length() || path.charAt(directory.length()) == '/');
  }
}
