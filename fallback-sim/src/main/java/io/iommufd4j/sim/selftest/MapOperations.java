package io.iommufd4j.sim.selftest;

import io.iommufd4j.bindings.selftest.iommu_test_cmd;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommufd.Command;
import io.iommufd4j.sim.iommufd.Ioas;
import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.MemorySegment;

/** What an IOAS maps and what it may not: {@code IOMMU_TEST_OP_ADD_RESERVED}. */
final class MapOperations {

  private MapOperations() {}

  /**
   * {@code ADD_RESERVED}: takes IOVAs out of an IOAS for good. EINVAL for no bytes, EOVERFLOW past
   * the end, ENOENT, EADDRINUSE when one is mapped or allowed.
   */
  static void addReserved(Command command) {
    MemorySegment operation = iommu_test_cmd.add_reserved(command.block());
    long start = iommu_test_cmd.add_reserved.start(operation);
    long length = iommu_test_cmd.add_reserved.length(operation);
    if (length == 0) {
      throw Refused.with(Errno.EINVAL);
    }
    long last = start + length - 1;
    if (Long.compareUnsigned(last, start) < 0) {
      throw Refused.with(Errno.EOVERFLOW);
    }
    Ioas ioas = command.objects().get(iommu_test_cmd.id(command.block()), Ioas.class);
    try {
      ioas.reserve(start, last);
    } finally {
      command.objects().put(ioas);
    }
  }
}
