// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd;

import io.iommufd4j.sim.iommufd.ioas.IoPageTable;
import io.iommufd4j.sim.lib.FaultPlan;
import io.iommufd4j.sim.lib.Mutex;
import io.iommufd4j.sim.lib.Refused;
import java.util.ArrayList;
import java.util.List;

/** An IO address space ({@code struct iommufd_ioas}) and the HWPTs that carry it. */
public final class Ioas extends IommufdObject {

  /** Held while HWPTs come and go; taken before a group's lock. */
  public final Mutex lock = new Mutex();

  /** In the order they were made; guarded by {@link #lock}. */
  final List<PagingHwpt> hwpts = new ArrayList<>();

  /** The mappings of the IOAS. */
  public final IoPageTable table;

  /**
   * An IOAS that maps nothing.
   *
   * @param faults which of its allocations fail
   */
  public Ioas(FaultPlan faults) {
    table = new IoPageTable(faults);
  }

  /**
   * {@code iopt_reserve_iova} without an owner: nobody maps these for as long as the IOAS lives.
   *
   * @param last inclusive
   * @throws Refused EADDRINUSE when one is mapped or allowed
   */
  public void reserve(long start, long last) {
    table.reserve(start, last);
  }

  /** True if each domain that carries it makes DMA snoop; {@link #lock} is held. */
  public boolean enforcesCoherency() {
    return hwpts.stream().allMatch(PagingHwpt::enforcesCoherency);
  }

  @Override
  protected void destroy() {
    table.unmapAll().run();
  }
}
