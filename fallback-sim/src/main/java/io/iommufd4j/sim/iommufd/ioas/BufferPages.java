// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd.ioas;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.fs.DmaBuf;
import io.iommufd4j.sim.fs.OpenFiles;
import io.iommufd4j.sim.iommu.PagingDomain;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.Accounting;
import io.iommufd4j.sim.mm.UserMemory;

/**
 * Pages of a device's buffer ({@code IOPT_ADDRESS_DMABUF}): they are there for as long as nobody
 * takes them back, and nothing is pinned or paid for.
 */
final class BufferPages extends Pages {

  /** {@code MAX_NPFNS}. */
  private static final long MOST_PAGES = (1L << 32) - 1;

  private final OpenFiles files;
  private final DmaBuf buffer;
  private final long start;
  private final Revocation revocation;
  private final long base;

  private BufferPages(
      PagesOwner owner, OpenFiles files, DmaBuf buffer, long start, boolean writable) {
    super(owner, writable);
    this.files = files;
    this.buffer = buffer;
    this.start = start;
    this.revocation = new Revocation(pinned().lock);
    this.base = buffer.attach(revocation);
  }

  /**
   * {@code iopt_alloc_dmabuf_pages}. It takes over the caller's reference to the buffer.
   *
   * @param start offset in bytes, not necessarily of a page
   * @throws Refused EINVAL past the buffer's end and for too much of it, ENODEV when it was taken
   *     back
   */
  static BufferPages of(
      PagesOwner owner, OpenFiles files, DmaBuf buffer, long start, long length, boolean writable) {
    if (!Iova.below(start + length - 1, buffer.size())
        || !Iova.below(Long.divideUnsigned(length, UserMemory.PAGE_SIZE), MOST_PAGES)) {
      throw Refused.with(Errno.EINVAL);
    }
    requireLength(length);
    return new BufferPages(owner, files, buffer, start & -UserMemory.PAGE_SIZE, writable);
  }

  @Override
  long start() {
    return start;
  }

  @Override
  long pin(long first, long count) {
    return base + start + first * UserMemory.PAGE_SIZE;
  }

  @Override
  void unpin(long physical, long count) {}

  @Override
  void release() {
    buffer.detach(revocation);
    files.drop(buffer);
  }

  @Override
  Accounting.Mode mode() {
    return Accounting.Mode.NONE;
  }

  @Override
  boolean revocable() {
    return true;
  }

  @Override
  boolean revoked() {
    return revocation.revoked();
  }

  @Override
  void track(long iova, long length, PagingDomain domain) {
    revocation.track(iova, length, domain);
  }

  @Override
  void untrack(long iova, long length, PagingDomain domain) {
    revocation.untrack(iova, length, domain);
  }
}
