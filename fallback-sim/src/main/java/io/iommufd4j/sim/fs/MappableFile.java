// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.fs;

import io.iommufd4j.sim.lib.Refused;

/**
 * A file whose pages a device can reach ({@code IOMMU_IOAS_MAP_FILE}): memfd. Any other file is
 * taken when it is mapped, and refused with EINVAL when its pages are first pinned.
 */
public interface MappableFile extends OpenFile {

  /**
   * {@code memfd_pin_folios}: brings pages in and keeps them.
   *
   * @param offset in bytes, a multiple of the page size
   * @param pages how many
   * @return the physical address of the first; the others follow it without a gap. {@code
   *     UserMemory.readPhysical} and {@code writePhysical} take it
   * @throws Refused EINVAL when the range runs past the end of the file
   */
  long pin(long offset, long pages);

  /**
   * Undoes a {@link #pin}, all of it or a part.
   *
   * @param physical address of the first page
   * @param pages how many
   */
  void unpin(long physical, long pages);
}
