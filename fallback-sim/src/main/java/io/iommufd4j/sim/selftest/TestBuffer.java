// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.selftest;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.fs.DmaBuf;
import io.iommufd4j.sim.fs.MappableFile;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.UserMemory;
import java.util.ArrayList;
import java.util.List;

/** A buffer that the test exports and revokes ({@code struct iommufd_test_dma_buf}). */
final class TestBuffer implements DmaBuf {

  private final MappableFile memory;
  private final long size;
  private final long physical;
  private final List<Importer> importers = new ArrayList<>();
  private boolean revoked;

  /**
   * A buffer that nobody has mapped.
   *
   * @param memory what it is made of, all of it
   * @param size bytes, a multiple of the page size
   */
  TestBuffer(MappableFile memory, long size) {
    this.memory = memory;
    this.size = size;
    this.physical = memory.pin(0, size / UserMemory.PAGE_SIZE);
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public synchronized long attach(Importer importer) {
    if (revoked) {
      throw Refused.with(Errno.ENODEV);
    }
    importers.add(importer);
    return physical;
  }

  @Override
  public synchronized void detach(Importer importer) {
    importers.remove(importer);
  }

  /** Takes the memory back, or lends it to those who attach from now on. */
  synchronized void revoke(boolean back) {
    revoked = back;
    importers.forEach(Importer::invalidate);
  }

  @Override
  public void release() {
    memory.unpin(physical, size / UserMemory.PAGE_SIZE);
    memory.release();
  }
}
