// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.device.model;

import static io.iommufd4j.sim.device.model.IgbRegisters.CTRL;
import static io.iommufd4j.sim.device.model.IgbRegisters.CTRL_PHY_RESET;
import static io.iommufd4j.sim.device.model.IgbRegisters.CTRL_RESET;
import static io.iommufd4j.sim.device.model.IgbRegisters.EECD;
import static io.iommufd4j.sim.device.model.IgbRegisters.EICR;
import static io.iommufd4j.sim.device.model.IgbRegisters.EICS;
import static io.iommufd4j.sim.device.model.IgbRegisters.EIMC;
import static io.iommufd4j.sim.device.model.IgbRegisters.EIMS;
import static io.iommufd4j.sim.device.model.IgbRegisters.IMC;
import static io.iommufd4j.sim.device.model.IgbRegisters.IMS;
import static io.iommufd4j.sim.device.model.IgbRegisters.MDIC;
import static io.iommufd4j.sim.device.model.IgbRegisters.RCTL;
import static io.iommufd4j.sim.device.model.IgbRegisters.STATUS;
import static io.iommufd4j.sim.device.model.IgbRegisters.STATUS_LINK;
import static io.iommufd4j.sim.device.model.IgbRegisters.TCTL;
import static io.iommufd4j.sim.device.model.IgbRegisters.TDT;
import static io.iommufd4j.sim.device.model.IgbRegisters.TXDCTL;

import io.iommufd4j.sim.device.DeviceModel;
import io.iommufd4j.sim.device.DevicePort;
import io.iommufd4j.sim.device.Register;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;

/**
 * Intel's network card 82576 as QEMU 11.1.3's {@code igb}, as far as frames go that the card sends
 * itself: one transmit and one receive queue, MAC loopback, its PHY's registers, extended
 * interrupts by MSI-X. Work is done at once. There is no wire: without loopback frames are lost.
 */
public final class IgbModel implements DeviceModel {

  private static final int LOOPBACK_MASK = 0xc0;
  private static final int LOOPBACK = 0x40;

  private static final int MDIC_DATA = 0xffff;
  private static final int MDIC_REGISTER_SHIFT = 16;
  private static final int MDIC_PHY_SHIFT = 21;
  private static final int MDIC_NUMBER = 0x1f;
  private static final int MDIC_WRITE = 0x0400_0000;
  private static final int MDIC_READ = 0x0800_0000;
  private static final int MDIC_READY = 0x1000_0000;
  private static final int MDIC_ERROR = 0x4000_0000;
  private static final int PHY = 1;

  /** {@code MII_BMCR}, with negotiation enabled and started again. */
  private static final int PHY_CONTROL = 0;

  private static final int NEGOTIATE = 0x1000;
  private static final int RESTART = 0x0200;
  private static final int PHY_RESET = 0x8000;

  private final IgbRegisters registers = new IgbRegisters();
  private final int[] phy = new int[MDIC_NUMBER + 1];
  private final IgbInterrupts interrupts;
  private final IgbReceiver receiver;
  private final IgbTransmitter transmitter;

  /** A card after power-on. */
  public IgbModel(DevicePort port) {
    interrupts = new IgbInterrupts(registers, port);
    receiver = new IgbReceiver(registers, port, interrupts);
    transmitter = new IgbTransmitter(registers, port, interrupts, this::sent);
  }

  @Override
  public void reset() {
    registers.reset();
    transmitter.reset();
    receiver.reset();
    Arrays.fill(phy, 0);
    interrupts.clear(-1);
  }

  @Override
  public List<Register> registers(int bar) {
    return bar == 0 ? IgbRegisters.watched() : List.of();
  }

  @Override
  public void fill(int bar, long offset, MemorySegment mapping) {
    mapping.fill((byte) 0);
    if (bar == 0) {
      registers.show(offset, mapping);
    }
  }

  @Override
  public long read(int bar, long offset, int bytes) {
    if (bar != 0) {
      return 0;
    }
    if (bytes == Long.BYTES) {
      long low = read(bar, offset, Integer.BYTES) & 0xffff_ffffL;
      return (read(bar, offset + Integer.BYTES, Integer.BYTES) << Integer.SIZE) | low;
    }
    int register = IgbRegisters.known(offset);
    long value = shown(register) & 0xffff_ffffL;
    if (register == EICR) {
      interrupts.clear(-1);
    }
    return value >>> (8 * (offset % Integer.BYTES));
  }

  @Override
  public long show(int bar, Register register) {
    return shown(IgbRegisters.known(register.offset()));
  }

  private int shown(int register) {
    return register == EICS || register == EIMC || register == IMC ? 0 : registers.get(register);
  }

  @Override
  public void write(int bar, long offset, int bytes, long value) {
    if (bar != 0) {
      return;
    }
    write(IgbRegisters.known(offset), (int) value);
    if (bytes == Long.BYTES) {
      write(IgbRegisters.known(offset + Integer.BYTES), (int) (value >>> Integer.SIZE));
    }
  }

  private void write(int register, int value) {
    switch (register) {
      case CTRL -> control(value);
      case STATUS, EECD -> {}
      case MDIC -> registers.set(MDIC, phyAccess(value));
      case IMS -> registers.add(IMS, value);
      case IMC -> registers.remove(IMS, value);
      case EICS -> interrupts.cause(value);
      case EIMS -> interrupts.allow(value);
      case EIMC -> interrupts.forbid(value);
      case EICR -> interrupts.clear(value);
      case TCTL, TXDCTL, TDT -> {
        registers.set(register, value);
        transmitter.run();
        receiver.pause();
      }
      default -> registers.set(register, value);
    }
  }

  private void control(int value) {
    if ((value & CTRL_RESET) != 0) {
      reset();
    } else {
      registers.set(CTRL, value & ~CTRL_PHY_RESET);
    }
  }

  /** {@return what MDIC reads once the PHY has answered} */
  private int phyAccess(int value) {
    int number = (value >>> MDIC_REGISTER_SHIFT) & MDIC_NUMBER;
    boolean there = ((value >>> MDIC_PHY_SHIFT) & MDIC_NUMBER) == PHY;
    if (!there) {
      return value | MDIC_READY | MDIC_ERROR;
    }
    if ((value & MDIC_READ) != 0) {
      return (value & ~MDIC_DATA) | phy[number] | MDIC_READY;
    }
    if ((value & MDIC_WRITE) != 0) {
      phyWrite(number, value & MDIC_DATA);
    }
    return value | MDIC_READY;
  }

  /** The other side is always there: a negotiation brings the link up. */
  private void phyWrite(int number, int data) {
    phy[number] = number == PHY_CONTROL ? data & ~(RESTART | PHY_RESET) : data;
    if (number == PHY_CONTROL && (data & (NEGOTIATE | RESTART)) == (NEGOTIATE | RESTART)) {
      registers.add(STATUS, STATUS_LINK);
    }
  }

  private void sent(MemorySegment frame) {
    if ((registers.get(RCTL) & LOOPBACK_MASK) == LOOPBACK) {
      receiver.receive(frame);
    }
  }
}
