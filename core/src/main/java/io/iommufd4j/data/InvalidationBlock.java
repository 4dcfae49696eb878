// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.data;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Invalidations that one request carries, prepared in native memory: to use it again, with the same
 * entries or others, allocates nothing but the entries' own objects. One thread uses it at a time.
 */
public final class InvalidationBlock {

  /** As many as Linux takes with one request. */
  private static final int MOST = 1 << 19;

  private final int type;
  private final long entryBytes;
  private final int count;
  private final MemorySegment memory;

  private InvalidationBlock(int type, long entryBytes, int count) {
    this.type = type;
    this.entryBytes = entryBytes;
    this.count = count;
    // Freed once the block is gone.
    this.memory = Arena.ofAuto().allocate(Math.max(count * entryBytes, 1), Long.BYTES);
  }

  /**
   * A block of these entries.
   *
   * @param entries one or more, all of one format
   * @return the block, with the entries in order
   * @throws IllegalArgumentException without entries, or with entries of several formats
   */
  public static InvalidationBlock of(List<? extends Invalidation> entries) {
    if (entries.isEmpty() || entries.size() > MOST) {
      throw new IllegalArgumentException("one request carries 1 to " + MOST + " entries");
    }
    Invalidation first = entries.getFirst();
    var block = new InvalidationBlock(first.type(), first.byteSize(), entries.size());
    for (int i = 0; i < entries.size(); i++) {
      block.set(i, entries.get(i));
    }
    return block;
  }

  /**
   * A block of these entries.
   *
   * @param entries one or more, all of one format
   * @return the block, with the entries in order
   * @see #of(List)
   */
  public static InvalidationBlock of(Invalidation... entries) {
    return of(List.of(entries));
  }

  /**
   * A block without entries: the kernel answers to it if it knows the format.
   *
   * @param type {@code enum iommu_hwpt_invalidate_data_type}
   * @return the block
   */
  public static InvalidationBlock probe(int type) {
    return new InvalidationBlock(type, 0, 0);
  }

  /**
   * Puts another entry in place of one.
   *
   * @param index from 0
   * @param entry of the same format
   * @throws IllegalArgumentException for an entry of another format
   * @throws IndexOutOfBoundsException for an index beyond the block
   */
  public void set(int index, Invalidation entry) {
    if (entry.type() != type || entry.byteSize() != entryBytes) {
      throw new IllegalArgumentException("a block has entries of one format: " + entry);
    }
    MemorySegment place = memory.asSlice(index * entryBytes, entryBytes);
    entry.write(place);
  }

  /** {@return the number of the format} */
  public int type() {
    return type;
  }

  /** {@return bytes of an entry} */
  public int entryBytes() {
    return (int) entryBytes;
  }

  /** {@return the number of entries} */
  public int count() {
    return count;
  }

  /** {@return the entries as the driver reads them, one behind the other} */
  public MemorySegment memory() {
    return memory;
  }
}
