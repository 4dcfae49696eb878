// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.fuzz;

import io.iommufd4j.kernel.Request;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SequenceLayout;
import java.lang.foreign.UnionLayout;
import java.lang.foreign.ValueLayout;
import java.util.function.IntSupplier;
import java.util.random.RandomGenerator;

/**
 * Fills blocks with what is nearly right: small ids, flags of few bits, IOVAs and lengths of whole
 * pages, pointers into a pool of memory or to nothing. Some fields are spoiled.
 *
 * <p>The kernel under test shares this JVM's memory, so that no length may lead it from the pool
 * into what lies behind: pointers stay within the pool's first half, and lengths below the other.
 */
final class RandomBlock {

  private static final long PAGE = 4096;
  private static final int HIGHEST_ID = 7;
  private static final int MOST_SPOILED = 3;

  private final RandomGenerator random;
  private final MemorySegment block;
  private final MemorySegment pool;
  private final long nothing;
  private final IntSupplier files;

  /**
   * Fills one block over and over.
   *
   * @param block at least as large as any struct
   * @param pool memory that kernels may read and write
   * @param nothing an address where nothing is mapped
   * @param files descriptors to name in blocks: neither iommufds nor devices
   */
  RandomBlock(
      RandomGenerator random,
      MemorySegment block,
      MemorySegment pool,
      long nothing,
      IntSupplier files) {
    this.random = random;
    this.block = block;
    this.pool = pool;
    this.nothing = nothing;
    this.files = files;
  }

  /** The block, filled for a request that takes one; else bytes of no meaning. */
  MemorySegment fill(Request request) {
    if (request.layout().isEmpty()) {
      return noise();
    }
    block.fill((byte) 0);
    GroupLayout layout = request.layout().get();
    group(layout, 0);
    block.set(ValueLayout.JAVA_INT, 0, size(layout, request.minimumBytes()));
    return block;
  }

  /** Bytes of no meaning, with a size in front that is sometimes sensible. */
  MemorySegment noise() {
    for (long at = 0; at < block.byteSize(); at += Long.BYTES) {
      block.set(ValueLayout.JAVA_LONG, at, random.nextLong());
    }
    if (random.nextBoolean()) {
      block.set(ValueLayout.JAVA_INT, 0, random.nextInt(80));
    }
    return block;
  }

  private int size(GroupLayout layout, int minimum) {
    int full = (int) layout.byteSize();
    return switch (random.nextInt(20)) {
      case 0 -> random.nextInt(full + 1);
      case 1 -> full + random.nextInt(64);
      case 2 -> minimum;
      case 3 -> random.nextInt();
      default -> full;
    };
  }

  private void group(GroupLayout layout, long offset) {
    long at = offset;
    for (MemoryLayout member : layout.memberLayouts()) {
      String name = member.name().orElse("");
      switch (member) {
        case ValueLayout value -> put(at, value.byteSize(), value(name, value.byteSize()));
        case GroupLayout nested -> group(nested, at);
        case SequenceLayout array when random.nextInt(8) == 0 ->
            put(at, 1, random.nextInt(array.byteSize() > 0 ? 2 : 1));
        default -> {}
      }
      if (!(layout instanceof UnionLayout)) {
        at += member.byteSize();
      }
    }
  }

  private void put(long at, long bytes, long value) {
    if (at + bytes > block.byteSize()) {
      return;
    }
    switch ((int) bytes) {
      case 1 -> block.set(ValueLayout.JAVA_BYTE, at, (byte) value);
      case 2 -> block.set(ValueLayout.JAVA_SHORT, at, (short) value);
      case 4 -> block.set(ValueLayout.JAVA_INT, at, (int) value);
      default -> block.set(ValueLayout.JAVA_LONG, at, value);
    }
  }

  private long value(String field, long bytes) {
    if (field.contains("reserved")) {
      return spoiled() ? random.nextInt() : 0;
    }
    if (field.endsWith("flags")) {
      return spoiled() ? random.nextInt() : random.nextBoolean() ? 0 : random.nextInt(8);
    }
    if (field.equals("op") || field.equals("option_id")) {
      return spoiled() ? random.nextInt() : random.nextInt(2);
    }
    if (field.equals("data_type") || field.equals("data_len")) {
      return spoiled() ? random.nextInt(64) : 0;
    }
    if (field.endsWith("fd")) {
      return files.getAsInt();
    }
    if (bytes == Long.BYTES) {
      return wide(field);
    }
    return spoiled() ? random.nextInt(1 << 12) : 1 + random.nextInt(HIGHEST_ID);
  }

  private long wide(String field) {
    if (field.contains("uptr")
        || field.contains("va")
        || field.equals("data")
        || field.equals("allowed_iovas")) {
      return pointer();
    }
    if (field.contains("iova") || field.equals("start")) {
      return iova();
    }
    if (field.equals("length") || field.equals("size")) {
      return length();
    }
    if (field.equals("page_size")) {
      return 1L << random.nextInt(24);
    }
    return random.nextInt(4);
  }

  private long pointer() {
    return switch (random.nextInt(8)) {
      case 0 -> nothing;
      case 1 -> 0;
      case 2 -> pool.address() + random.nextLong(pool.byteSize() / 2);
      default -> pool.address() + PAGE * random.nextLong(pool.byteSize() / 2 / PAGE);
    };
  }

  private long iova() {
    return switch (random.nextInt(12)) {
      case 0 -> random.nextLong();
      case 1 -> -PAGE;
      case 2 -> spoiled() ? 0xfee0_0000L : 0;
      case 3 -> random.nextInt(1 << 20);
      default -> PAGE * random.nextInt(16);
    };
  }

  private long length() {
    return switch (random.nextInt(12)) {
      case 0 -> -1;
      case 1 -> 0;
      case 2 -> random.nextInt(1 << 14);
      case 3 -> PAGE * random.nextLong(pool.byteSize() / 2 / PAGE);
      default -> PAGE * (1 + random.nextInt(2));
    };
  }

  private boolean spoiled() {
    return random.nextInt(40) < MOST_SPOILED;
  }
}
