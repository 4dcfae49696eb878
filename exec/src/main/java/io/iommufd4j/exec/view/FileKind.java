// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.view;

/**
 * The kind of what a name in a directory leads to, as far as the walk along a path must know it.
 */
enum FileKind {
  /** There is nothing of that name. */
  NONE,
  /** A directory. */
  DIRECTORY,
  /** A symbolic link. */
  LINK,
  /** Any other file. */
  FILE,
  /** The host has something there that is not shown. */
  HIDDEN,
  /** The process may not look: the host answers the call. */
  DENIED
}
