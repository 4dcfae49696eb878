// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.vfio.pci;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.fs.DmaBuf;
import io.iommufd4j.sim.lib.Refused;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Pieces of a BAR that other devices may reach ({@code struct vfio_pci_dma_buf}). They are taken
 * back while the device cannot answer, and for good when it is closed.
 */
final class VfioDmaBuf implements DmaBuf {

  /** One piece, by physical address. */
  record Piece(long physical, long bytes) {}

  private final List<Piece> pieces;
  private final List<Importer> importers = new ArrayList<>();
  private @Nullable DmaBufs exporter;
  private boolean revoked;

  VfioDmaBuf(DmaBufs exporter, List<Piece> pieces, boolean revoked) {
    this.exporter = exporter;
    this.pieces = List.copyOf(pieces);
    this.revoked = revoked;
  }

  @Override
  public long size() {
    return pieces.stream().mapToLong(Piece::bytes).sum();
  }

  /** EOPNOTSUPP for more than one piece, which an iommufd does not take. */
  @Override
  public synchronized long attach(Importer importer) {
    if (revoked) {
      throw Refused.with(Errno.ENODEV);
    }
    if (pieces.size() != 1) {
      throw Refused.with(Errno.EOPNOTSUPP);
    }
    importers.add(importer);
    return pieces.getFirst().physical();
  }

  @Override
  public synchronized void detach(Importer importer) {
    importers.remove(importer);
  }

  /** {@code vfio_pci_dma_buf_move}: nobody reaches it any more when this returns. */
  void revoke() {
    List<Importer> told;
    synchronized (this) {
      revoked = true;
      told = List.copyOf(importers);
    }
    // Not under the lock: who is told may at this moment be on the way out.
    told.forEach(Importer::invalidate);
  }

  /** It can be attached to again; what was attached before stays cut off. */
  synchronized void restore() {
    revoked = false;
  }

  /** Ends what it has of its device; false when that is done already. */
  synchronized boolean leaveDevice() {
    boolean left = exporter != null;
    exporter = null;
    return left;
  }

  @Override
  public void release() {
    DmaBufs left;
    synchronized (this) {
      left = exporter;
      exporter = null;
    }
    if (left != null) {
      left.forget(this);
    }
  }
}
