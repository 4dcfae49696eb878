// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.pci;

import java.util.Arrays;

/**
 * Bytes that have all one value behind the last that was set: of the 4096 of a PCI Express
 * function's registers few are used, and a machine may have many functions.
 */
final class TrimmedBytes {

  private static final int STEP = 64;

  private final int size;
  private byte[] kept;
  private byte rest;

  /** A number of bytes of 0. */
  TrimmedBytes(int size) {
    this.size = size;
    this.kept = new byte[STEP];
  }

  int size() {
    return size;
  }

  byte get(int at) {
    if (at < kept.length) {
      return kept[at];
    }
    checkInside(at);
    return rest;
  }

  void set(int at, int value) {
    if (at >= kept.length) {
      checkInside(at);
      if ((byte) value == rest) {
        return;
      }
      keep(at + 1);
    }
    kept[at] = (byte) value;
  }

  /** Sets the bytes from one up to another, which is not set. */
  void fill(int from, int to, int value) {
    if (to == size) {
      if (from > kept.length) {
        keep(from);
      }
      rest = (byte) value;
      Arrays.fill(kept, Math.min(from, kept.length), kept.length, rest);
      return;
    }
    keep(to);
    Arrays.fill(kept, from, to, (byte) value);
  }

  /** All of them. */
  byte[] toArray() {
    byte[] all = Arrays.copyOf(kept, size);
    if (rest != 0) {
      Arrays.fill(all, Math.min(kept.length, size), size, rest);
    }
    return all;
  }

  /** Sets the first ones. */
  void copyFrom(byte[] bytes, int count) {
    int end = count;
    while (end > kept.length && bytes[end - 1] == rest) {
      end--;
    }
    keep(end);
    System.arraycopy(bytes, 0, kept, 0, end);
  }

  private void keep(int count) {
    checkInside(count - 1);
    int before = kept.length;
    if (count > before) {
      kept = Arrays.copyOf(kept, Math.min(size, (count + STEP - 1) / STEP * STEP));
      Arrays.fill(kept, before, kept.length, rest);
    }
  }

  private void checkInside(int at) {
    if (at >= size) {
      throw new IndexOutOfBoundsException(at);
    }
  }
}
