// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.mm;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;

/** The physical addresses that are registers of devices ({@code IORESOURCE_MEM}). */
final class RegisterWindows {

  /** Registers and the first address behind them. */
  private record Window(Registers registers, long end) {}

  private final ConcurrentSkipListMap<Long, Window> windows = new ConcurrentSkipListMap<>();

  /** Places registers; they may be there already. */
  void place(long physical, long bytes, Registers registers) {
    windows.put(physical, new Window(registers, physical + bytes));
  }

  /** True if an address is that of a register. */
  boolean at(long physical) {
    Map.Entry<Long, Window> entry = windows.floorEntry(physical);
    return entry != null && physical < entry.getValue().end();
  }

  /** A device reads or writes registers, in the widest pieces that are aligned: false beyond. */
  boolean transfer(long physical, MemorySegment buffer, boolean write) {
    Map.Entry<Long, Window> entry = windows.floorEntry(physical);
    long bytes = buffer.byteSize();
    if (entry == null || physical + bytes > entry.getValue().end()) {
      return false;
    }
    Registers registers = entry.getValue().registers();
    long start = physical - entry.getKey();
    for (long done = 0; done < bytes; ) {
      int width = width(start + done, bytes - done);
      if (write) {
        registers.write(start + done, width, get(buffer, done, width));
      } else {
        put(buffer, done, width, registers.read(start + done, width));
      }
      done += width;
    }
    return true;
  }

  private static int width(long at, long left) {
    int width = Long.BYTES;
    while (width > left || at % width != 0) {
      width /= 2;
    }
    return width;
  }

  private static long get(MemorySegment buffer, long at, int width) {
    long value = 0;
    for (int i = 0; i < width; i++) {
      value |= (buffer.get(ValueLayout.JAVA_BYTE, at + i) & 0xffL) << (8 * i);
    }
    return value;
  }

  private static void put(MemorySegment buffer, long at, int width, long value) {
    for (int i = 0; i < width; i++) {
      buffer.set(ValueLayout.JAVA_BYTE, at + i, (byte) (value >> (8 * i)));
    }
  }
}
