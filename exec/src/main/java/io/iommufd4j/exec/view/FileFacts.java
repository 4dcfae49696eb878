// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.view;

/**
 * The facts that {@code stat(2)} tells of a simulated file. Its owner is root.
 *
 * @param device {@code st_dev}, as {@code makedev(3)} makes it
 * @param inode the number, one for each file of a device
 * @param mode {@code S_IF*} and permissions
 * @param links number of names
 * @param special the number of a device node, as {@code makedev(3)} makes it; 0 for other files
 * @param bytes size as {@code stat} shows it, which is a page for an attribute of sysfs
 * @param blockBytes {@code st_blksize}
 * @param modifiedNanos time of all three stamps, since 1970
 */
public record FileFacts(
    long device,
    long inode,
    int mode,
    int links,
    long special,
    long bytes,
    int blockBytes,
    long modifiedNanos) {

  /** {@code S_IFMT}. */
  public static final int TYPE = 0170000;

  /** {@code S_IFDIR}. */
  public static final int DIRECTORY = 0040000;

  /** {@code S_IFCHR}. */
  public static final int CHARACTER_DEVICE = 0020000;

  /** {@code S_IFREG}. */
  public static final int REGULAR = 0100000;

  /** {@code S_IFLNK}. */
  public static final int LINK = 0120000;

  /** {@code st_blksize} of what is in memory. */
  public static final int BLOCK = 4096;

  /** The facts of another file of the same device and age. */
  FileFacts as(long otherInode, int otherMode) {
    return new FileFacts(device, otherInode, otherMode, 1, 0, bytes, blockBytes, modifiedNanos);
  }
}
