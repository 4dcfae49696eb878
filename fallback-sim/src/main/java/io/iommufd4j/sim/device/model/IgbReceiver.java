// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.device.model;

import static io.iommufd4j.sim.device.model.IgbRegisters.QUEUE_ENABLE;
import static io.iommufd4j.sim.device.model.IgbRegisters.RAH0;
import static io.iommufd4j.sim.device.model.IgbRegisters.RAL0;
import static io.iommufd4j.sim.device.model.IgbRegisters.RCTL;
import static io.iommufd4j.sim.device.model.IgbRegisters.RCTL_ENABLE;
import static io.iommufd4j.sim.device.model.IgbRegisters.RDBAL;
import static io.iommufd4j.sim.device.model.IgbRegisters.RXDCTL;
import static io.iommufd4j.sim.device.model.IgbRegisters.SRRCTL;
import static io.iommufd4j.sim.device.model.IgbRegisters.STATUS;
import static io.iommufd4j.sim.device.model.IgbRegisters.STATUS_LINK;
import static io.iommufd4j.sim.device.model.LittleEndian.INT;
import static io.iommufd4j.sim.device.model.LittleEndian.LONG;
import static io.iommufd4j.sim.device.model.LittleEndian.SHORT;

import io.iommufd4j.sim.device.DevicePort;
import java.lang.foreign.MemorySegment;
import java.util.zip.CRC32;

/**
 * The first receive queue of an 82576: puts frames into the buffers between head and tail, and
 * writes advanced descriptors of one buffer back. A frame that finds no room is lost.
 */
final class IgbReceiver {

  // Of RCTL.
  private static final int ALL_UNICAST = 0x08;
  private static final int ALL_MULTICAST = 0x10;
  private static final int LONG_FRAMES = 0x20;
  private static final int BROADCAST = 0x8000;
  private static final int STRIPS_CHECKSUM = 0x0400_0000;
  private static final int BUFFER_SHIFT = 16;

  private static final int ADDRESS_VALID = 0x8000_0000;
  private static final int SHORTEST = 60;
  private static final int CHECKSUM_BYTES = 4;

  /** With a VLAN's tag and without checksum. */
  private static final int LONGEST = 1518;

  private static final int STATUS_DONE = 1;
  private static final int STATUS_LAST = 2;
  private static final int STATUS_AT = 8;
  private static final int LENGTH_AT = 12;

  private final IgbRegisters registers;
  private final DevicePort port;
  private final IgbInterrupts interrupts;
  private final IgbRing ring;
  private boolean received;

  IgbReceiver(IgbRegisters registers, DevicePort port, IgbInterrupts interrupts) {
    this.registers = registers;
    this.port = port;
    this.interrupts = interrupts;
    this.ring = new IgbRing(registers, port, RDBAL);
  }

  /** A frame comes in, without its checksum. */
  void receive(MemorySegment sent) {
    if (!on() || !wanted(sent)) {
      return;
    }
    MemorySegment frame = whole(sent);
    int buffer = bufferBytes();
    int needed = (int) ((frame.byteSize() + buffer - 1) / buffer);
    if (needed > ring.available()) {
      return;
    }
    for (long done = 0; done < frame.byteSize(); done += buffer) {
      long bytes = Math.min(buffer, frame.byteSize() - done);
      MemorySegment descriptor = ring.descriptor();
      if (descriptor.byteSize() == 0) {
        return;
      }
      // The card does not notice that its data did not arrive.
      port.write(descriptor.get(LONG, 0), frame.asSlice(done, bytes));
      boolean last = done + bytes == frame.byteSize();
      descriptor.fill((byte) 0);
      descriptor.set(INT, STATUS_AT, last ? STATUS_DONE | STATUS_LAST : STATUS_DONE);
      descriptor.set(SHORT, LENGTH_AT, (short) bytes);
      ring.advance(true);
    }
    received = true;
  }

  /** No frame follows for now: the driver is told of those that came. */
  void pause() {
    ring.writeBack();
    if (received) {
      received = false;
      interrupts.received();
    }
  }

  void reset() {
    ring.forget();
    received = false;
  }

  private boolean on() {
    return registers.has(RCTL, RCTL_ENABLE)
        && registers.has(RXDCTL, QUEUE_ENABLE)
        && registers.has(STATUS, STATUS_LINK);
  }

  private boolean wanted(MemorySegment frame) {
    if (frame.byteSize() < 6 || (frame.byteSize() > LONGEST && !registers.has(RCTL, LONG_FRAMES))) {
      return false;
    }
    int low = frame.get(INT, 0);
    int high = frame.get(SHORT, 4) & 0xffff;
    if (low == -1 && high == 0xffff) {
      return registers.has(RCTL, BROADCAST);
    }
    if ((low & 1) != 0) {
      return registers.has(RCTL, ALL_MULTICAST);
    }
    boolean own =
        registers.has(RAH0, ADDRESS_VALID)
            && low == registers.get(RAL0)
            && high == (registers.get(RAH0) & 0xffff);
    return own || registers.has(RCTL, ALL_UNICAST);
  }

  /** The frame as it came over the wire: long enough, with its checksum unless that is stripped. */
  private MemorySegment whole(MemorySegment sent) {
    int bytes = (int) Math.max(sent.byteSize(), SHORTEST);
    boolean strips = registers.has(RCTL, STRIPS_CHECKSUM);
    if (strips && bytes == sent.byteSize()) {
      return sent;
    }
    MemorySegment frame = MemorySegment.ofArray(new byte[strips ? bytes : bytes + CHECKSUM_BYTES]);
    frame.copyFrom(sent);
    if (!strips) {
      var checksum = new CRC32();
      checksum.update(frame.asSlice(0, bytes).asByteBuffer());
      frame.set(INT, bytes, (int) checksum.getValue());
    }
    return frame;
  }

  private int bufferBytes() {
    int kilobytes = registers.get(SRRCTL) & 0x7f;
    return kilobytes != 0 ? kilobytes << 10 : 2048 >> ((registers.get(RCTL) >>> BUFFER_SHIFT) & 3);
  }
}
