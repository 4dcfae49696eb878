// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.differential.program;

import java.io.ByteArrayOutputStream;

/** Collects what a call changed, byte by byte, as {@link Answer#bytes} keeps it. */
public final class Changes {

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  /** The runs of bytes that differ; the second array is as long as the first. */
  public void between(int place, byte[] before, byte[] after) {
    for (int at = 0; at < before.length; ) {
      if (before[at] == after[at]) {
        at++;
        continue;
      }
      int start = at;
      while (at < before.length && before[at] != after[at]) {
        at++;
      }
      run(place + start, after, start, at - start);
    }
  }

  /** Bytes that were written, changed or not. */
  public void run(int place, byte[] bytes, int from, int length) {
    uint16(place);
    uint16(length);
    out.write(bytes, from, length);
  }

  private void uint16(int value) {
    out.write(value);
    out.write(value >>> 8);
  }

  static int uint16(byte[] bytes, int at) {
    return Byte.toUnsignedInt(bytes[at]) | Byte.toUnsignedInt(bytes[at + 1]) << 8;
  }

  public Answer answer(long value) {
    return new Answer(value, out.toByteArray());
  }
}
