// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.file;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.fs.FileTable;
import io.iommufd4j.sim.fs.MappableFile;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.OutsideMemory.SharedPages;
import io.iommufd4j.sim.mm.OutsidePins;
import io.iommufd4j.sim.mm.UserMemory;

/** A memfd of a program. */
final class HostMemoryFile implements MappableFile, FileTable.Foreign {

  private final SharedPages pages;
  private final OutsidePins pins;

  /** The file of some pages, which it holds until it is released. */
  HostMemoryFile(SharedPages pages, OutsidePins pins) {
    this.pages = pages;
    this.pins = pins;
    pages.hold();
  }

  @Override
  public long pin(long offset, long count) {
    if (offset < 0 || count <= 0 || count > (pages.bytes() - offset) / UserMemory.PAGE_SIZE) {
      throw Refused.with(Errno.EINVAL);
    }
    return pins.pin(pages, offset, count);
  }

  @Override
  public void unpin(long physical, long count) {
    pins.unpin(pages, physical, count);
  }

  @Override
  public void release() {
    pages.drop();
  }
}
