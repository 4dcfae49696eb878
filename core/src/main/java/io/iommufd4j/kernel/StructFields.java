// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.kernel;

import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.PaddingLayout;
import java.lang.foreign.SequenceLayout;
import java.lang.foreign.UnionLayout;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** Reads a request's block as the generated layout says: one text for each field. */
final class StructFields {

  private final MemorySegment block;
  private final List<TraceField> fields = new ArrayList<>();

  private StructFields(MemorySegment block) {
    this.block = block;
  }

  /** The fields that lie wholly within the block. */
  static List<TraceField> read(GroupLayout layout, MemorySegment block) {
    var reader = new StructFields(block);
    reader.group(layout, 0, "");
    return reader.fields;
  }

  /** The fields whose text differs. Both lists come from the same layout and block. */
  static List<TraceField> changed(List<TraceField> before, List<TraceField> after) {
    var changed = new ArrayList<>(after);
    changed.removeAll(before);
    return changed;
  }

  private void group(GroupLayout layout, long offset, String prefix) {
    if (layout instanceof UnionLayout union) {
      // The bytes are the same under each name: the first stands for all.
      member(union.memberLayouts().getFirst(), offset, prefix);
      return;
    }
    long at = offset;
    for (MemoryLayout member : layout.memberLayouts()) {
      member(member, at, prefix);
      at += member.byteSize();
    }
  }

  private void member(MemoryLayout member, long at, String prefix) {
    if (at + member.byteSize() > block.byteSize()) {
      return;
    }
    String name = member.name().orElse("");
    switch (member) {
      case PaddingLayout _ -> {}
      case GroupLayout nested ->
          group(nested, at, name.startsWith("$anon") ? prefix : prefix + name + ".");
      case ValueLayout value ->
          fields.add(new TraceField(prefix + name, text(name, integer(value, at), value)));
      case SequenceLayout sequence -> elements(sequence, at, prefix + name);
    }
  }

  private void elements(SequenceLayout sequence, long at, String name) {
    for (long i = 0; i < sequence.elementCount(); i++) {
      long offset = at + i * sequence.elementLayout().byteSize();
      String element = name + "[" + i + "]";
      switch (sequence.elementLayout()) {
        case ValueLayout value ->
            fields.add(new TraceField(element, text(name, integer(value, offset), value)));
        case GroupLayout nested -> group(nested, offset, element + ".");
        default -> throw new IllegalArgumentException("no UAPI struct nests so: " + sequence);
      }
    }
  }

  private long integer(ValueLayout value, long at) {
    return switch (value) {
      case ValueLayout.OfByte _ -> Byte.toUnsignedLong(block.get(ValueLayout.JAVA_BYTE, at));
      case ValueLayout.OfShort _ ->
          Short.toUnsignedLong(block.get(ValueLayout.JAVA_SHORT_UNALIGNED, at));
      case ValueLayout.OfInt _ -> block.get(ValueLayout.JAVA_INT_UNALIGNED, at);
      case ValueLayout.OfLong _ -> block.get(ValueLayout.JAVA_LONG_UNALIGNED, at);
      default -> throw new IllegalArgumentException("no UAPI struct holds a " + value);
    };
  }

  private static String text(String name, long number, ValueLayout value) {
    if (value.byteSize() == Long.BYTES) {
      return "0x" + Long.toHexString(number);
    }
    if (name.equals("flags")) {
      return "0x" + Integer.toHexString((int) number);
    }
    boolean descriptor = name.equals("fd") || name.equals("iommufd");
    return descriptor ? Long.toString(number) : Integer.toUnsignedString((int) number);
  }
}
