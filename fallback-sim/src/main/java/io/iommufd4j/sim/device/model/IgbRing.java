// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.device.model;

import io.iommufd4j.sim.device.DevicePort;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A ring of descriptors between head and tail. As the card does, it fetches some of them at once,
 * and writes back at once what was changed in those.
 */
final class IgbRing {

  static final int DESCRIPTOR_BYTES = 16;

  private static final int MOST = 64;

  private final IgbRegisters registers;
  private final DevicePort port;
  private final int base;
  private final MemorySegment fetched =
      Arena.ofAuto().allocate((long) MOST * DESCRIPTOR_BYTES, Long.BYTES);

  /** Index in the ring of the first that was fetched, how many were, and are used up. */
  private int first;

  private int count;
  private int used;
  private boolean changed;

  /**
   * A ring.
   *
   * @param base the register with the lower half of its address; the others lie where they lie for
   *     either kind of queue
   */
  IgbRing(IgbRegisters registers, DevicePort port, int base) {
    this.registers = registers;
    this.port = port;
    this.base = base;
  }

  private int head() {
    return base + IgbRegisters.HEAD;
  }

  private int entries() {
    return Math.max(0, registers.get(base + IgbRegisters.LENGTH) / DESCRIPTOR_BYTES);
  }

  /** Descriptors that the driver has handed over. */
  int available() {
    int entries = entries();
    int tail = registers.get(base + IgbRegisters.TAIL);
    return entries == 0 || tail < 0 || tail >= entries || registers.get(head()) >= entries
        ? 0
        : Math.floorMod(tail - registers.get(head()), entries);
  }

  /** {@return the descriptor at the head, to be looked at and changed; empty when out of reach} */
  MemorySegment descriptor() {
    if (used == count && !fetch()) {
      return MemorySegment.NULL;
    }
    return fetched.asSlice((long) used * DESCRIPTOR_BYTES, DESCRIPTOR_BYTES);
  }

  private boolean fetch() {
    writeBack();
    first = registers.get(head());
    int some = Math.min(Math.min(available(), MOST), entries() - first);
    count = read(some) ? some : read(1) ? 1 : 0;
    return count > 0;
  }

  private boolean read(int some) {
    return some > 0 && port.read(address(), piece(some));
  }

  /**
   * Takes the descriptor at the head off the ring.
   *
   * @param written whether it was changed, which goes to memory by {@link #writeBack}
   */
  void advance(boolean written) {
    changed |= written;
    used++;
    int next = registers.get(head()) + 1;
    registers.set(head(), next < entries() ? next : 0);
  }

  /** Writes what was changed to memory, and forgets what was fetched. */
  void writeBack() {
    if (changed) {
      port.write(address(), piece(used));
    }
    forget();
  }

  void forget() {
    count = 0;
    used = 0;
    changed = false;
  }

  private long address() {
    return registers.address(base, base + Integer.BYTES) + (long) first * DESCRIPTOR_BYTES;
  }

  private MemorySegment piece(int some) {
    return fetched.asSlice(0, (long) some * DESCRIPTOR_BYTES);
  }
}
