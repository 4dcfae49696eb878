// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd;

/** A user that reads and writes an IOAS without DMA ({@code struct iommufd_access_ops}). */
public interface AccessUser {

  /** True if it pins pages, and so needs IOVAs to be aligned to pages. */
  boolean pinsPages();

  /**
   * {@code unmap}: a range is about to go; all that the user has pinned there must be unpinned when
   * this returns. No lock is held.
   *
   * @param length bytes
   */
  void unmap(long iova, long length);
}
