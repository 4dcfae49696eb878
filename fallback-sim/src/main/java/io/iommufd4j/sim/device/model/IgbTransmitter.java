// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.device.model;

import static io.iommufd4j.sim.device.model.IgbRegisters.QUEUE_ENABLE;
import static io.iommufd4j.sim.device.model.IgbRegisters.TCTL;
import static io.iommufd4j.sim.device.model.IgbRegisters.TCTL_ENABLE;
import static io.iommufd4j.sim.device.model.IgbRegisters.TDBAH;
import static io.iommufd4j.sim.device.model.IgbRegisters.TDBAL;
import static io.iommufd4j.sim.device.model.IgbRegisters.TDH;
import static io.iommufd4j.sim.device.model.IgbRegisters.TDLEN;
import static io.iommufd4j.sim.device.model.IgbRegisters.TDT;
import static io.iommufd4j.sim.device.model.IgbRegisters.TXDCTL;

import io.iommufd4j.sim.device.DevicePort;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.function.Consumer;

/**
 * The first transmit queue of an 82576: takes descriptors from head to tail, gathers frames from
 * them, and reports descriptors as done where they ask for it.
 */
final class IgbTransmitter {

  static final int DESCRIPTOR_BYTES = 16;

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

  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final IgbRegisters registers;
  private final DevicePort port;
  private final IgbInterrupts interrupts;
  private final Consumer<MemorySegment> wire;
  private final MemorySegment descriptor = Arena.ofAuto().allocate(DESCRIPTOR_BYTES, Long.BYTES);
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
  }

  /** Forgets the frame that it has gathered a part of. */
  void reset() {
    gathered = 0;
    spoilt = false;
  }

  /** Sends what is in the queue. */
  void run() {
    int entries = registers.get(TDLEN) / DESCRIPTOR_BYTES;
    boolean on = registers.has(TCTL, TCTL_ENABLE) && registers.has(TXDCTL, QUEUE_ENABLE);
    boolean reported = false;
    for (int i = 0; on && i < entries && registers.get(TDH) != registers.get(TDT); i++) {
      int head = registers.get(TDH);
      long at = registers.address(TDBAL, TDBAH) + (long) head * DESCRIPTOR_BYTES;
      if (!port.read(at, descriptor)) {
        break;
      }
      int command = descriptor.get(INT, COMMAND);
      take(command);
      if ((command & REPORT) != 0) {
        descriptor.set(INT, STATUS, descriptor.get(INT, STATUS) | DONE);
        port.write(at + STATUS, descriptor.asSlice(STATUS));
        reported = true;
      }
      registers.set(TDH, head + 1 < entries ? head + 1 : 0);
    }
    if (reported) {
      interrupts.transmitted();
    }
  }

  /** A descriptor of data; one of an offload changes no frame here. */
  private void take(int command) {
    if ((command & ADVANCED) != 0 && (command & TYPE) != DATA) {
      return;
    }
    int length = command & LENGTH;
    if (gathered + length > MOST
        || !port.read(descriptor.get(LONG, 0), frame.asSlice(gathered, length))) {
      spoilt = true;
    } else {
      gathered += length;
    }
    if ((command & LAST) != 0) {
      if (!spoilt && gathered > 0) {
        wire.accept(frame.asSlice(0, gathered));
      }
      reset();
    }
  }
}
