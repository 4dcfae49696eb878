// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd.ioas;

import io.iommufd4j.sim.fs.DmaBuf;
import io.iommufd4j.sim.iommu.PagingDomain;
import io.iommufd4j.sim.lib.Mutex;
import java.util.ArrayList;
import java.util.List;

/**
 * The mappings of a device's buffer, kept so that all can be unmapped at once, for good, when it is
 * taken back ({@code struct iopt_pages_dmabuf}). Guarded by the pages' lock.
 */
final class Revocation implements DmaBuf.Importer {

  private record Track(long iova, long length, PagingDomain domain) {}

  private final Mutex pagesLock;
  private final List<Track> tracks = new ArrayList<>();
  private boolean revoked;

  Revocation(Mutex pagesLock) {
    this.pagesLock = pagesLock;
  }

  /** True if it was taken back. */
  boolean revoked() {
    return revoked;
  }

  /** {@code iopt_dmabuf_track_domain}. */
  void track(long iova, long length, PagingDomain domain) {
    tracks.add(new Track(iova, length, domain));
  }

  /** {@code iopt_dmabuf_untrack_domain}. */
  void untrack(long iova, long length, PagingDomain domain) {
    tracks.remove(new Track(iova, length, domain));
  }

  /** {@code iopt_revoke_notify}. */
  @Override
  public void invalidate() {
    pagesLock.lock();
    try {
      if (revoked) {
        return;
      }
      for (Track track : tracks) {
        track.domain.unmap(track.iova, track.length);
      }
      revoked = true;
    } finally {
      pagesLock.unlock();
    }
  }
}
