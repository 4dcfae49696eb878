// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.differential.program;

import io.iommufd4j.kernel.Errno;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * The answer of a kernel to one step.
 *
 * @param value what the call returned: ≥ 0 or −errno; descriptors and addresses count as 0
 * @param bytes what it wrote to user memory: each change as its place (2 bytes), its length (2
 *     bytes) and the bytes
 */
@SuppressWarnings("ArrayRecordComponent") // equals and hashCode look at the bytes themselves.
public record Answer(long value, byte[] bytes) {

  private static final byte[] NOTHING = {};

  /** An answer that wrote nothing. */
  public static Answer of(long value) {
    return new Answer(value, NOTHING);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Answer answer
        && value == answer.value
        && Arrays.equals(bytes, answer.bytes);
  }

  @Override
  public int hashCode() {
    return Long.hashCode(value) * 31 + Arrays.hashCode(bytes);
  }

  @Override
  public String toString() {
    String text = value < 0 ? "-" + Errno.name((int) value) : Long.toString(value);
    var out = new StringBuilder(text);
    for (int at = 0; at + 4 <= bytes.length; ) {
      int place = Changes.uint16(bytes, at);
      int length = Changes.uint16(bytes, at + 2);
      out.append(" [")
          .append(place)
          .append("]=")
          .append(HexFormat.of().formatHex(bytes, at + 4, at + 4 + length));
      at += 4 + length;
    }
    return out.toString();
  }
}
