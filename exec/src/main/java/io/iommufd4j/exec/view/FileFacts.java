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
    long modifiedNanos) {}
