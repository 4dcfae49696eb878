// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.device.model;

import static io.iommufd4j.sim.device.model.IgbRegisters.EIAC;
import static io.iommufd4j.sim.device.model.IgbRegisters.EIAM;
import static io.iommufd4j.sim.device.model.IgbRegisters.EICR;
import static io.iommufd4j.sim.device.model.IgbRegisters.EIMS;
import static io.iommufd4j.sim.device.model.IgbRegisters.GPIE;
import static io.iommufd4j.sim.device.model.IgbRegisters.IVAR0;

import io.iommufd4j.sim.device.DevicePort;

/**
 * The extended interrupts of an 82576: a cause that is allowed raises the MSI-X message of its
 * number when it comes about, and is cleared or masked by that as EIAC and EIAM say.
 */
final class IgbInterrupts {

  private static final int MASKS_ITSELF = 0x4000_0000;
  private static final int VALID = 0x80;
  private static final int VECTOR = 0x1f;

  private final IgbRegisters registers;
  private final DevicePort port;

  IgbInterrupts(IgbRegisters registers, DevicePort port) {
    this.registers = registers;
    this.port = port;
  }

  /** Causes come about (EICS). */
  void cause(int causes) {
    int before = pending();
    registers.add(EICR, causes);
    raise(pending() & ~before);
  }

  /** Causes are allowed (EIMS): those that are there already are raised. */
  void allow(int causes) {
    int before = pending();
    registers.add(EIMS, causes);
    raise(pending() & ~before);
  }

  /** Causes are forbidden (EIMC). */
  void forbid(int causes) {
    registers.remove(EIMS, causes);
    quiet();
  }

  /** Causes are dealt with (EICR). */
  void clear(int causes) {
    registers.remove(EICR, causes);
    quiet();
  }

  /** The first receive queue has frames. */
  void received() {
    ofQueue(registers.get(IVAR0));
  }

  /** The first transmit queue has completed descriptors. */
  void transmitted() {
    ofQueue(registers.get(IVAR0) >>> 8);
  }

  private void ofQueue(int allocation) {
    if ((allocation & VALID) != 0) {
      cause(1 << (allocation & VECTOR));
    }
  }

  private int pending() {
    return registers.get(EICR) & registers.get(EIMS);
  }

  private void raise(int causes) {
    for (int left = causes; left != 0; left &= left - 1) {
      port.raise(Integer.numberOfTrailingZeros(left));
    }
    registers.remove(EICR, causes & registers.get(EIAC));
    if (registers.has(GPIE, MASKS_ITSELF)) {
      registers.remove(EIMS, causes & registers.get(EIAM));
    }
  }

  private void quiet() {
    if (pending() == 0) {
      port.lower();
    }
  }
}
