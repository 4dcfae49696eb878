package io.iommufd4j.sim.iommufd;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/** An IO address space ({@code struct iommufd_ioas}) and the HWPTs that carry it. */
final class Ioas extends IommufdObject {

  /** Held while HWPTs come and go; taken before a group's lock. */
  final ReentrantLock lock = new ReentrantLock();

  /** In the order they were made; guarded by {@link #lock}. */
  final List<PagingHwpt> hwpts = new ArrayList<>();

  /** What it maps. */
  final IoPageTable table = new IoPageTable();

  @Override
  void destroy() {
    table.unmapAll(new IoPageTable.Unmapped());
  }
}
