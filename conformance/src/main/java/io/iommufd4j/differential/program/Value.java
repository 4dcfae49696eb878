// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.differential.program;

/**
 * An operand of a program. What a kernel chooses (ids, descriptors, addresses) is named by a slot,
 * so that the same program means the same on every kernel.
 */
public sealed interface Value {

  /** A plain number. */
  record Literal(long number) implements Value {
    @Override
    public String toString() {
      return number >= 0 && number < 10 ? Long.toString(number) : "0x" + Long.toHexString(number);
    }
  }

  /** The id of an object that an earlier step made. */
  record ObjectSlot(int slot) implements Value {
    @Override
    public String toString() {
      return "#" + slot;
    }
  }

  /** A descriptor that an earlier step opened. */
  record FileSlot(int slot) implements Value {
    @Override
    public String toString() {
      return "@" + slot;
    }
  }

  /** An address in user memory: see {@link UserRegions} for the regions. */
  record Address(int region, long offset) implements Value {
    @Override
    public String toString() {
      return "&" + region + "+0x" + Long.toHexString(offset);
    }
  }

  /** Reads what {@code toString} wrote. */
  static Value parse(String text) {
    return switch (text.charAt(0)) {
      case '#' -> new ObjectSlot(Integer.parseInt(text.substring(1)));
      case '@' -> new FileSlot(Integer.parseInt(text.substring(1)));
      case '&' -> {
        int plus = text.indexOf('+');
        yield new Address(
            Integer.parseInt(text.substring(1, plus)), number(text.substring(plus + 1)));
      }
      default -> new Literal(number(text));
    };
  }

  /** A number as programs write it: decimal, or hexadecimal behind {@code 0x}. */
  static long number(String text) {
    return text.startsWith("0x")
        ? Long.parseUnsignedLong(text, 2, text.length(), 16)
        : Long.parseLong(text);
  }
}
