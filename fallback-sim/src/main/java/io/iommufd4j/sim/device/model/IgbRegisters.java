// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.device.model;

import static io.iommufd4j.sim.device.model.LittleEndian.INT;

import io.iommufd4j.sim.device.Register;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * The registers of an 82576, 32 bits each, by the names of its datasheet; those of its first pair
 * of queues have two addresses. What nothing in here is about is plain storage.
 */
final class IgbRegisters {

  static final int CTRL = 0x0000;
  static final int STATUS = 0x0008;
  static final int EECD = 0x0010;
  static final int CTRL_EXT = 0x0018;
  static final int MDIC = 0x0020;
  static final int RCTL = 0x0100;
  static final int TCTL = 0x0400;
  static final int IMS = 0x1508;
  static final int IMC = 0x150c;
  static final int GPIE = 0x1514;
  static final int EICS = 0x1520;
  static final int EIMS = 0x1524;
  static final int EIMC = 0x1528;
  static final int EIAC = 0x152c;
  static final int EIAM = 0x1530;
  static final int EICR = 0x1580;
  static final int IVAR0 = 0x1700;
  static final int RAL0 = 0x5400;
  static final int RAH0 = 0x5404;
  static final int GCR = 0x5b00;
  static final int RDBAL = 0xc000;
  static final int SRRCTL = 0xc00c;
  static final int RXDCTL = 0xc028;
  static final int TDBAL = 0xe000;
  static final int TDT = 0xe018;
  static final int TXDCTL = 0xe028;

  // Of either queue, from its first register.
  static final int LENGTH = 0x08;
  static final int HEAD = 0x10;
  static final int TAIL = 0x18;

  static final int CTRL_RESET = 0x0400_0000;
  static final int CTRL_PHY_RESET = 0x8000_0000;
  static final int STATUS_LINK = 0x02;
  static final int RCTL_ENABLE = 0x02;
  static final int TCTL_ENABLE = 0x02;
  static final int QUEUE_ENABLE = 0x0200_0000;

  private static final int AUTO_READ_DONE = 0x0200;

  private static final int BYTES = 0x1_0000;

  /** The first pair of queues where it had it before there were more than four. */
  private static final int OLD_RECEIVE = 0x2800;

  private static final int OLD_TRANSMIT = 0x3800;
  private static final int OLD_QUEUE_BYTES = 0x40;

  /** Interrupt registers where they were before. */
  private static final int OLD_IMS = 0x00d0;

  private static final int OLD_IMC = 0x00d8;

  /**
   * The registers that a reset leaves, by address; all others are 0. As QEMU 11.1.3's igb has it,
   * but for {@code EECD.AUTO_RD}: as hardware does this card says that its memory was read after a
   * reset.
   */
  private static final Map<Integer, Integer> RESET =
      Map.ofEntries(
          Map.entry(CTRL, 0x0010_0209),
          Map.entry(STATUS, 0x8008_0481),
          Map.entry(EECD, 0x0000_1110 | AUTO_READ_DONE),
          Map.entry(0x0038, 0x8100_8100),
          Map.entry(TCTL, 0xa404_00f8),
          Map.entry(0x0404, 0x0001_0840),
          Map.entry(0x0410, 0x0060_1008),
          Map.entry(0x0e00, 0x0706_8302),
          Map.entry(0x1010, 0x8000_0000),
          Map.entry(0x2404, 0x0000_0040),
          Map.entry(0x3404, 0x0000_0028),
          Map.entry(0x3590, 0x0000_0044),
          Map.entry(0x5000, 0x0000_0300),
          Map.entry(RAL0, 0x1200_5452),
          Map.entry(RAH0, 0x8000_5634),
          Map.entry(GCR, 0x0685_0200),
          Map.entry(RXDCTL, 0x0201_0000),
          Map.entry(TXDCTL, QUEUE_ENABLE),
          Map.entry(0xe014, 0x0000_2a00));

  /**
   * Those that do something, or change, where a program has them mapped. What starts work comes
   * last; the cause of an interrupt is cleared before it is allowed, and forbidding it has the last
   * word.
   */
  private static final List<Register> WATCHED =
      IntStream.of(
              CTRL, STATUS, EECD, CTRL_EXT, MDIC, GCR, TDBAL, 0xe004, 0xe008, 0xe010, TXDCTL, RDBAL,
              0xc004, 0xc008, SRRCTL, 0xc010, RXDCTL, 0x3800, 0x3804, 0x3808, 0x3810, 0x3828,
              0x2800, 0x2804, 0x2808, 0x280c, 0x2810, 0x2828, RAL0, RAH0, TCTL, RCTL, GPIE, EIAC,
              EIAM, IVAR0, OLD_IMC, IMC, OLD_IMS, IMS, EICR, EIMS, EIMC, EICS, 0xc018, 0x2818, TDT,
              0x3818)
          .mapToObj(Register::word)
          .toList();

  private final int[] words = new int[BYTES / Integer.BYTES];

  IgbRegisters() {
    reset();
  }

  void reset() {
    Arrays.fill(words, 0);
    RESET.forEach(this::set);
  }

  static List<Register> watched() {
    return WATCHED;
  }

  /** The address that a register is known by in here; beyond all of them for none. */
  static int known(long offset) {
    long word = offset & -Integer.BYTES;
    if (word >= OLD_RECEIVE && word < OLD_RECEIVE + OLD_QUEUE_BYTES) {
      return (int) (word - OLD_RECEIVE + RDBAL);
    }
    if (word >= OLD_TRANSMIT && word < OLD_TRANSMIT + OLD_QUEUE_BYTES) {
      return (int) (word - OLD_TRANSMIT + TDBAL);
    }
    return word == OLD_IMS ? IMS : word == OLD_IMC ? IMC : (int) Math.min(word, BYTES);
  }

  int get(int register) {
    return register < BYTES ? words[register / Integer.BYTES] : 0;
  }

  void set(int register, int value) {
    if (register < BYTES) {
      words[register / Integer.BYTES] = value;
    }
  }

  boolean has(int register, int bits) {
    return (get(register) & bits) == bits;
  }

  void add(int register, int bits) {
    set(register, get(register) | bits);
  }

  void remove(int register, int bits) {
    set(register, get(register) & ~bits);
  }

  /** An address of 64 bits, in two registers. */
  long address(int low, int high) {
    return ((long) get(high) << Integer.SIZE) | (get(low) & 0xffff_ffffL);
  }

  /** Writes all of them to memory. */
  void show(long offset, MemorySegment mapping) {
    for (long at = 0; at + Integer.BYTES <= mapping.byteSize(); at += Integer.BYTES) {
      mapping.set(INT, at, get(known(offset + at)));
    }
  }
}
