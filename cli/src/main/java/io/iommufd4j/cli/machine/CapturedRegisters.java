// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.machine;

import java.util.Arrays;
import java.util.HexFormat;

/**
 * Configuration registers that a host showed, without what tells one card from another of its kind:
 * the serial number, and what was read of the vital product data.
 */
final class CapturedRegisters {

  private static final int HEADER = 64;
  private static final int CONVENTIONAL = 256;
  private static final int ROW = 16;
  private static final int CAPABILITIES = 0x34;
  private static final int VITAL_DATA = 0x03;
  private static final int SERIAL_NUMBER = 0x03;
  private static final int SRIOV = 0x10;

  private final byte[] bytes;

  /** Takes a copy. */
  CapturedRegisters(byte[] found) {
    bytes = found.clone();
    for (int at = first(); at >= HEADER; at = next(at)) {
      if (get(at, 1) == VITAL_DATA) {
        erase(at + 2, 6);
      }
    }
    int serial = extended(SERIAL_NUMBER);
    if (serial != 0) {
      erase(serial + 4, 8);
    }
  }

  private int first() {
    return get(CAPABILITIES, 1) & ~3;
  }

  /** Lists rise or fall, and end: no more steps than there are places. */
  private int next(int at) {
    int next = get(at + 1, 1) & ~3;
    return next == at ? 0 : next;
  }

  private int extended(int id) {
    int at = bytes.length > CONVENTIONAL ? CONVENTIONAL : 0;
    for (int i = 0; i < bytes.length && at >= CONVENTIONAL; i++) {
      int header = get(at, 4);
      if (header != 0 && (header & 0xffff) == id) {
        return at;
      }
      at = header >>> 20 & ~3;
    }
    return 0;
  }

  private void erase(int from, int count) {
    int end = Math.min(bytes.length, from + count);
    if (from < end) {
      Arrays.fill(bytes, from, end, (byte) 0);
    }
  }

  /** A register; 0 where it was not shown. */
  int get(int offset, int count) {
    int value = 0;
    for (int i = 0; i < count && offset + i < bytes.length; i++) {
      value |= (bytes[offset + i] & 0xff) << (8 * i);
    }
    return value;
  }

  /** The number of bytes that were shown. */
  int shown() {
    return bytes.length;
  }

  /** The most virtual functions, as the capability says it; 0 where that was not shown. */
  int totalVirtualFunctions() {
    int at = extended(SRIOV);
    return at == 0 ? 0 : get(at + 0x0e, 2);
  }

  /** Lines of a dump, without those of zeros behind the header. */
  String dump(String indent) {
    var dump = new StringBuilder();
    for (int at = 0; at < Math.max(bytes.length, HEADER); at += ROW) {
      boolean any = at < HEADER;
      for (int i = at; i < at + ROW; i++) {
        any |= get(i, 1) != 0;
      }
      if (any) {
        dump.append(indent).append("%02x:".formatted(at));
        for (int i = at; i < at + ROW; i++) {
          dump.append(' ').append(HexFormat.of().toHexDigits((byte) get(i, 1)));
        }
        dump.append('\n');
      }
    }
    return dump.toString();
  }
}
