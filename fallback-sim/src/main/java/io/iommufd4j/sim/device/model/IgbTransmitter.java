// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.device.model;

import static io.iommufd4j.sim.device.model.IgbRegisters.QUEUE_ENABLE;
import static io.iommufd4j.sim.device.model.IgbRegisters.TCTL;
import static io.iommufd4j.sim.device.model.IgbRegisters.TCTL_ENABLE;
import static io.iommufd4j.sim.device.model.IgbRegisters.TDBAL;
import static io.iommufd4j.sim.device.model.IgbRegisters.TXDCTL;
import static io.iommufd4j.sim.device.model.LittleEndian.INT;
import static io.iommufd4j.sim.device.model.LittleEndian.LONG;

import io.iommufd4j.sim.device.DevicePort;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;

/**
 * The first transmit queue of an 82576: takes descriptors from head to tail, gathers frames from
 * them, and reports descriptors as done where they ask for it.
 */
final class IgbTransmitter {

  private static final int COMMAND = 8;
  private static final int STATUS = 12;
  private static final int LENGTH = 0xffff;
  private static final int TYPE = 0x00f0_0000;
  private static final int DATA = 0x0030_0000;
  private static final int ADVANCED = 0x2000_0000;
  private static final int REPORT = 0x0800_0000;
  private static final int LAST = 0x0100_0000;
  private static final int DONE = 1;

  /** More than any frame that this card sends. */
  private static final int MOST = 0x4000;

  private final IgbRegisters registers;
  private final DevicePort port;
  private final IgbInterrupts interrupts;
  private final Consumer<MemorySegment> wire;
  private final IgbRing ring;
  private final MemorySegment frame = MemorySegment.ofArray(new byte[MOST]);
  private int gathered;
  private boolean spoilt;

  /**
   * The queue.
   *
   * @param wire takes each frame that is sent
   */
  IgbTransmitter(
      IgbRegisters registers,
      DevicePort port,
      IgbInterrupts interrupts,
      Consumer<MemorySegment> wire) {
    this.registers = registers;
    this.port = port;
    this.interrupts = interrupts;
    this.wire = wire;
    this.ring = new IgbRing(registers, port, TDBAL);
  }

  /** Forgets the frame that it has gathered a part of. */
  void reset() {
    ring.forget();
    forget();
  }

  private void forget() {
    gathered = 0;
    spoilt = false;
  }

  /** Sends what is in the queue. */
  void run() {
    boolean reported = false;
    for (int left = on() ? ring.available() : 0; left > 0; left--) {
      MemorySegment descriptor = ring.descriptor();
      if (descriptor.byteSize() == 0) {
        break;
      }
      int command = descriptor.get(INT, COMMAND);
      take(descriptor.get(LONG, 0), command);
      boolean report = (command & REPORT) != 0;
      if (report) {
        descriptor.set(INT, STATUS, descriptor.get(INT, STATUS) | DONE);
        reported = true;
      }
      ring.advance(report);
    }
    ring.writeBack();
    if (reported) {
      interrupts.transmitted();
    }
  }

  private boolean on() {
    return registers.has(TCTL, TCTL_ENABLE) && registers.has(TXDCTL, QUEUE_ENABLE);
  }

  /**
   * A descriptor of data; one of an offload changes no frame here. The card does not notice that it
   * could not read: those bytes are zeros.
   */
  private void take(long buffer, int command) {
    if ((command & ADVANCED) != 0 && (command & TYPE) != DATA) {
      return;
    }
    int length = command & LENGTH;
    if (gathered + length > MOST) {
      spoilt = true;
    } else {
      MemorySegment part = frame.asSlice(gathered, length);
      if (!port.read(buffer, part)) {
        part.fill((byte) 0);
      }
      gathered += length;
    }
    if ((command & LAST) != 0) {
      if (!spoilt && gathered > 0) {
        wire.accept(frame.asSlice(0, gathered));
      }
      forget();
    }
  }
}
