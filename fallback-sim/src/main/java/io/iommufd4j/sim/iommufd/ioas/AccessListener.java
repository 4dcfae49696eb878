// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd.ioas;

/** An access to an IOAS beside DMA, which lets go of what is about to be unmapped. */
public interface AccessListener {

  /** The alignment that its IOVAs need, in bytes. */
  long alignment();

  /**
   * {@code iommufd_access_notify_unmap} for one access: what it has pinned of a range must be
   * unpinned when this returns. No lock is held.
   *
   * @param length bytes
   */
  void notifyUnmap(long iova, long length);
}
