// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd.command;

import io.iommufd4j.bindings.iommufd.iommu_ioas_alloc;
import io.iommufd4j.bindings.iommufd.iommu_ioas_allow_iovas;
import io.iommufd4j.bindings.iommufd.iommu_ioas_iova_ranges;
import io.iommufd4j.bindings.iommufd.iommu_iova_range;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommufd.Ioas;
import io.iommufd4j.sim.iommufd.ioas.AllowedIovas;
import io.iommufd4j.sim.iommufd.ioas.ReservedIovas;
import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.MemorySegment;

/** {@code IOMMU_IOAS_ALLOC} and what concerns an IOAS as a whole. */
final class IoasCommands {

  private IoasCommands() {}

  /** EOPNOTSUPP for flags. */
  static void alloc(Command command) {
    MemorySegment block = command.block();
    if (iommu_ioas_alloc.flags(block) != 0) {
      throw Refused.with(Errno.EOPNOTSUPP);
    }
    Ioas ioas = command.objects().reserve(() -> new Ioas(command.context().faults()));
    try {
      iommu_ioas_alloc.out_ioas_id(block, ioas.id());
      command.respond(iommu_ioas_alloc.sizeof());
    } catch (Refused refused) {
      command.objects().abort(ioas);
      throw refused;
    }
    command.objects().publish(ioas);
  }

  /**
   * EOPNOTSUPP for reserved fields, ENOENT; EMSGSIZE when there are more ranges than room: as many
   * as fit are written all the same, and how many there are.
   */
  static void iovaRanges(Command command) {
    MemorySegment block = command.block();
    if (iommu_ioas_iova_ranges.__reserved(block) != 0) {
      throw Refused.with(Errno.EOPNOTSUPP);
    }
    Ioas ioas = command.objects().get(iommu_ioas_iova_ranges.ioas_id(block), Ioas.class);
    try {
      ioas.table.withUnreserved((holes, alignment) -> writeRanges(command, holes, alignment));
    } finally {
      command.objects().put(ioas);
    }
  }

  private static void writeRanges(Command command, ReservedIovas.Holes holes, long alignment) {
    MemorySegment block = command.block();
    int room = iommu_ioas_iova_ranges.num_iovas(block);
    long address = iommu_ioas_iova_ranges.allowed_iovas(block);
    iommu_ioas_iova_ranges.out_iova_alignment(block, alignment);
    MemorySegment range = MemorySegment.ofArray(new long[2]);
    int count = 0;
    for (; holes.next(); count++) {
      if (Integer.compareUnsigned(count, room) < 0) {
        iommu_iova_range.start(range, holes.start());
        iommu_iova_range.last(range, holes.last());
        command.context().memory().copyOut(address + count * iommu_iova_range.sizeof(), range);
      }
    }
    iommu_ioas_iova_ranges.num_iovas(block, count);
    command.respond(iommu_ioas_iova_ranges.sizeof());
    if (Integer.compareUnsigned(count, room) > 0) {
      throw Refused.with(Errno.EMSGSIZE);
    }
  }

  /**
   * EOPNOTSUPP for reserved fields, ENOENT, EFAULT, EINVAL for ranges that overlap or are too
   * short, EADDRINUSE when one is reserved. None at all allows everything again.
   */
  static void allowIovas(Command command) {
    MemorySegment block = command.block();
    if (iommu_ioas_allow_iovas.__reserved(block) != 0) {
      throw Refused.with(Errno.EOPNOTSUPP);
    }
    Ioas ioas = command.objects().get(iommu_ioas_allow_iovas.ioas_id(block), Ioas.class);
    try {
      ioas.table.allow(
          AllowedIovas.read(
              command.context().memory(),
              command.context().faults(),
              iommu_ioas_allow_iovas.allowed_iovas(block),
              iommu_ioas_allow_iovas.num_iovas(block)));
    } finally {
      command.objects().put(ioas);
    }
  }
}
