// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance;

import io.iommufd4j.kernel.Request;
import java.lang.foreign.Arena;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.UnionLayout;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * The block of a request, zero but for its size and what a test sets. Fields go by their UAPI
 * names.
 */
public final class RequestBlock {

  private final Request request;
  private final GroupLayout layout;
  private final MemorySegment block;

  private RequestBlock(Request request, Arena arena, long tail) {
    this.request = request;
    this.layout = request.layout().orElseThrow();
    this.block = arena.allocate(layout.byteSize() + tail, Long.BYTES);
    size(layout.byteSize());
  }

  /** As large as the struct. */
  public static RequestBlock of(Request request, Arena arena) {
    return new RequestBlock(request, arena, 0);
  }

  /**
   * With zero bytes behind the struct, which the size does not count yet.
   *
   * @param tail how many
   */
  public static RequestBlock withTail(Request request, Arena arena, long tail) {
    return new RequestBlock(request, arena, tail);
  }

  /** The request that the block belongs to. */
  public Request request() {
    return request;
  }

  /** The bytes, tail included. */
  public MemorySegment memory() {
    return block;
  }

  /**
   * Sets the first field, {@code size} or {@code argsz}: the number of bytes that the kernel may
   * read.
   */
  public RequestBlock size(long bytes) {
    block.set(ValueLayout.JAVA_INT, 0, (int) bytes);
    return this;
  }

  /** Sets a field. A value is cut to the field's width. */
  public RequestBlock set(String field, long value) {
    Place place = place(field);
    switch ((int) place.bytes) {
      case 1 -> block.set(ValueLayout.JAVA_BYTE, place.offset, (byte) value);
      case 2 -> block.set(ValueLayout.JAVA_SHORT, place.offset, (short) value);
      case 4 -> block.set(ValueLayout.JAVA_INT, place.offset, (int) value);
      default -> block.set(ValueLayout.JAVA_LONG, place.offset, value);
    }
    return this;
  }

  /** A field's value; fields of 32 bits and less are taken as unsigned. */
  public long get(String field) {
    Place place = place(field);
    return switch ((int) place.bytes) {
      case 1 -> Byte.toUnsignedLong(block.get(ValueLayout.JAVA_BYTE, place.offset));
      case 2 -> Short.toUnsignedLong(block.get(ValueLayout.JAVA_SHORT, place.offset));
      case 4 -> Integer.toUnsignedLong(block.get(ValueLayout.JAVA_INT, place.offset));
      default -> block.get(ValueLayout.JAVA_LONG, place.offset);
    };
  }

  private Place place(String field) {
    Place place = find(layout, field, 0);
    if (place == null) {
      throw new IllegalArgumentException(request + " has no field " + field);
    }
    return place;
  }

  private record Place(long offset, long bytes) {}

  private static @Nullable Place find(GroupLayout group, String field, long base) {
    long at = base;
    for (MemoryLayout member : group.memberLayouts()) {
      String name = member.name().orElse("");
      if (name.equals(field)) {
        // An array of reserved bytes goes by its first element.
        long bytes = member instanceof ValueLayout value ? value.byteSize() : 1;
        return new Place(at, bytes);
      }
      if (member instanceof GroupLayout nested && name.startsWith("$anon")) {
        Place within = find(nested, field, at);
        if (within != null) {
          return within;
        }
      }
      if (!(group instanceof UnionLayout)) {
        at += member.byteSize();
      }
    }
    return null;
  }
}
