// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.driver;

import io.iommufd4j.sim.iommu.IommuDomain;
import io.iommufd4j.sim.iommu.PagingDomain;
import io.iommufd4j.sim.mm.UserMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * Walks a guest's table, which lies in the guest's memory: every address in it goes through the
 * second stage too.
 */
final class Smmuv3FirstStage {

  private static final int LAST_LEVEL = 3;
  private static final long PRESENT = 1;
  private static final long TABLE_OR_PAGE = 1 << 1;
  private static final long READ_ONLY = 1 << 7;
  private static final long ACCESSED = 1 << 10;
  private static final long ADDRESS = (1L << 48) - 1;
  private static final int SMALLEST_GRANULE = 12;

  private final Smmuv3StreamTableEntry entry;
  private final Smmuv3Registers registers;
  private final PagingDomain parent;
  private final UserMemory memory;

  Smmuv3FirstStage(
      Smmuv3StreamTableEntry entry,
      Smmuv3Registers registers,
      PagingDomain parent,
      UserMemory memory) {
    this.entry = entry;
    this.registers = registers;
    this.parent = parent;
    this.memory = memory;
  }

  /** The second stage: the guest's memory. */
  PagingDomain memory() {
    return parent;
  }

  /** The result of a transaction. */
  Smmuv3Walk walk(long iova, boolean write) {
    if (entry.substreams() && registers.substreamBits() == 0) {
      return Smmuv3Walk.Event.ofSetup(Smmuv3Walk.Event.BAD_ENTRY);
    }
    MemorySegment words = fetch(entry.contextDescriptor(), Smmuv3ContextDescriptor.BYTES);
    if (words == null) {
      return new Smmuv3Walk.Aborted();
    }
    var context =
        new Smmuv3ContextDescriptor(
            words.get(ValueLayout.JAVA_LONG, 0), words.get(ValueLayout.JAVA_LONG, Long.BYTES));
    if (!context.usable(registers)) {
      return Smmuv3Walk.Event.ofSetup(Smmuv3Walk.Event.BAD_CONTEXT);
    }
    Smmuv3Walk walk = walk(context, iova, write);
    return walk instanceof Smmuv3Walk.Event && !context.recordsFaults()
        ? new Smmuv3Walk.Aborted()
        : walk;
  }

  private Smmuv3Walk walk(Smmuv3ContextDescriptor context, long iova, boolean write) {
    if (!context.hasTable() || iova >>> context.inputBits() != 0) {
      return Smmuv3Walk.Event.at(Smmuv3Walk.Event.TRANSLATION, iova, write);
    }
    int granule = context.granuleBits();
    int stride = granule - 3;
    int levels = (context.inputBits() - granule + stride - 1) / stride;
    long table = context.table();
    for (int level = LAST_LEVEL + 1 - levels; ; level++) {
      int shift = granule + (LAST_LEVEL - level) * stride;
      long index = iova >>> shift & ((1L << stride) - 1);
      MemorySegment word = fetch(table + index * Long.BYTES, Long.BYTES);
      if (word == null) {
        return new Smmuv3Walk.Aborted();
      }
      long descriptor = word.get(ValueLayout.JAVA_LONG, 0);
      boolean tableOrPage = (descriptor & TABLE_OR_PAGE) != 0;
      boolean leaf = level == LAST_LEVEL || !tableOrPage;
      if ((descriptor & PRESENT) == 0 || (leaf && !tableOrPage && !blocksAt(level, granule))) {
        return Smmuv3Walk.Event.at(Smmuv3Walk.Event.TRANSLATION, iova, write);
      }
      if (leaf) {
        return leaf(context, descriptor, shift, iova, write);
      }
      table = descriptor & ADDRESS & -(1L << granule);
    }
  }

  private static boolean blocksAt(int level, int granule) {
    return level == 2 || (level == 1 && granule == SMALLEST_GRANULE);
  }

  private Smmuv3Walk leaf(
      Smmuv3ContextDescriptor context, long descriptor, int shift, long iova, boolean write) {
    if ((descriptor & ACCESSED) == 0 && !context.ignoresAccessFlag()) {
      return Smmuv3Walk.Event.at(Smmuv3Walk.Event.ACCESS, iova, write);
    }
    if (write && (descriptor & READ_ONLY) != 0) {
      return Smmuv3Walk.Event.at(Smmuv3Walk.Event.PERMISSION, iova, true);
    }
    long start = descriptor & ADDRESS & -(1L << shift);
    if (start >>> context.outputBits(registers) != 0) {
      return Smmuv3Walk.Event.at(Smmuv3Walk.Event.ADDRESS_SIZE, iova, write);
    }
    return new Smmuv3Walk.Found(start | (iova & ((1L << shift) - 1)));
  }

  /** Reads the guest's memory as a table walk does; null where the guest has none. */
  private @Nullable MemorySegment fetch(long address, long bytes) {
    long physical = parent.translate(address, false);
    MemorySegment words = MemorySegment.ofArray(new long[(int) bytes / Long.BYTES]);
    if (physical == IommuDomain.FAULT || !memory.readPhysical(physical, words)) {
      return null;
    }
    return words;
  }
}
