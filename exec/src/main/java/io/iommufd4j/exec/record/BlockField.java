// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.record;

import io.iommufd4j.kernel.Request;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.PaddingLayout;
import java.lang.foreign.SequenceLayout;
import java.lang.foreign.UnionLayout;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A number in the block of a request.
 *
 * @param name the UAPI's own; with dots where structs nest
 * @param offset in bytes
 * @param width in bytes: 1, 2, 4 or 8
 */
public record BlockField(String name, int offset, int width) {

  private static final Map<Request, List<BlockField>> ALL =
      Stream.of(Request.values())
          .collect(Collectors.toUnmodifiableMap(Function.identity(), BlockField::read));

  /**
   * {@return the fields of a request's struct, by offset; none where it has no struct}
   *
   * @param request whose struct it is
   */
  public static List<BlockField> of(Request request) {
    return ALL.getOrDefault(request, List.of());
  }

  private static List<BlockField> read(Request request) {
    var fields = new ArrayList<BlockField>();
    request.layout().ifPresent(layout -> group(layout, 0, "", fields));
    return List.copyOf(fields);
  }

  private static void group(GroupLayout layout, long at, String prefix, List<BlockField> fields) {
    if (layout instanceof UnionLayout union) {
      member(union.memberLayouts().getFirst(), at, prefix, fields);
      return;
    }
    long offset = at;
    for (MemoryLayout member : layout.memberLayouts()) {
      member(member, offset, prefix, fields);
      offset += member.byteSize();
    }
  }

  private static void member(MemoryLayout member, long at, String prefix, List<BlockField> fields) {
    String name = prefix + member.name().orElse("");
    switch (member) {
      case PaddingLayout _ -> {}
      case GroupLayout nested ->
          group(
              nested,
              at,
              member.name().orElse("$anon").startsWith("$anon") ? prefix : name + ".",
              fields);
      case ValueLayout value -> fields.add(new BlockField(name, (int) at, (int) value.byteSize()));
      case SequenceLayout sequence -> {
        for (long i = 0; i < sequence.elementCount(); i++) {
          MemoryLayout element = sequence.elementLayout().withName(name + "[" + i + "]");
          member(element, at + i * element.byteSize(), "", fields);
        }
      }
    }
  }

  /**
   * {@return the number, unsigned where it is shorter than 64 bits; 0 in a block that is too short}
   *
   * @param block of the request, in this machine's order of bytes
   */
  public long get(byte[] block) {
    long number = 0;
    if (offset + width <= block.length) {
      for (int i = width - 1; i >= 0; i--) {
        number = (number << Byte.SIZE) | (block[offset + i] & 0xff);
      }
    }
    return number;
  }

  /**
   * Sets the number, unless the block is too short.
   *
   * @param block of the request
   * @param number whose lowest bytes count
   */
  public void set(byte[] block, long number) {
    if (offset + width <= block.length) {
      for (int i = 0; i < width; i++) {
        block[offset + i] = (byte) (number >>> (i * Byte.SIZE));
      }
    }
  }
}
