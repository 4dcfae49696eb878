// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.selftest;

import static io.iommufd4j.bindings.selftest.selftest_h.IOMMU_VIOMMU_TYPE_SELFTEST;

import io.iommufd4j.bindings.selftest.iommu_viommu_selftest;
import io.iommufd4j.sim.iommu.UserData;
import io.iommufd4j.sim.iommu.ViommuCore;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.BackingFile;
import io.iommufd4j.sim.mm.UserMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Two pages of a mock vIOMMU that user space can map; they start with what it gave. */
final class MockViommuPage {

  private static final long BYTES = 2 * UserMemory.PAGE_SIZE;

  private final ViommuCore core;
  private final BackingFile pages;
  private final long offset;

  /**
   * New pages; the data is told where to map them.
   *
   * @throws Refused as {@link UserData#copyIn} and {@link UserData#copyOut}
   */
  MockViommuPage(ViommuCore core, UserData data) {
    this.core = core;
    int type = IOMMU_VIOMMU_TYPE_SELFTEST();
    long minimum = iommu_viommu_selftest.out_data$offset() + Integer.BYTES;
    MemorySegment struct = data.copyIn(type, iommu_viommu_selftest.sizeof(), minimum);
    int given = iommu_viommu_selftest.in_data(struct);
    pages = new BackingFile();
    pages.write(0, bytes(given));
    offset = core.allocMmap(pages, BYTES);
    iommu_viommu_selftest.out_data(struct, given);
    iommu_viommu_selftest.out_mmap_length(struct, BYTES);
    iommu_viommu_selftest.out_mmap_offset(struct, offset);
    try {
      data.copyOut(type, struct, minimum);
    } catch (Refused refused) {
      close();
      throw refused;
    }
  }

  private static MemorySegment bytes(int value) {
    MemorySegment bytes = MemorySegment.ofArray(new byte[Integer.BYTES]);
    bytes.set(ValueLayout.JAVA_INT_UNALIGNED, 0, value);
    return bytes;
  }

  /** Gives the pages back. */
  void close() {
    core.freeMmap(offset);
    pages.close();
  }
}
