// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.device.model;

import io.iommufd4j.sim.device.DeviceModel;
import io.iommufd4j.sim.device.DevicePort;
import io.iommufd4j.sim.device.Register;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * QEMU's educational device (1234:11e8), register for register: identification, an inverter, a
 * factorial and a DMA engine with a buffer of its own. Work is done at once, where QEMU takes its
 * time, so that a program that polls for the end finds it sooner.
 *
 * <p>DMA goes page by page, and only with bus mastering on. Where a read meets a fault the buffer
 * is filled with zeros, and where a write does it is dropped; the pages before and after are
 * transferred. A transfer that leaves the device's buffer is not started.
 */
public final class EduModel implements DeviceModel {

  /** Bytes of BAR 0. */
  public static final int BAR_BYTES = 1 << 20;

  /**
   * The address at which the DMA engine sees its own buffer; it cannot be reached through the BAR.
   */
  public static final long BUFFER = 0x40000;

  /** Bytes of that buffer. */
  public static final int BUFFER_BYTES = 4096;

  /** {@code IDENT}, reads {@link #IDENTIFICATION}. */
  public static final int IDENT = 0x00;

  /** Reads the complement of what was written. */
  public static final int LIVENESS = 0x04;

  /** Reads the factorial of what was written, modulo 2^32. */
  public static final int FACTORIAL = 0x08;

  /** Bit 0: computing; bit 7: raise an interrupt after the factorial. */
  public static final int STATUS = 0x20;

  /** Interrupts raised and not acknowledged. */
  public static final int INTERRUPT_STATUS = 0x24;

  /** Raises the interrupts written; reads nothing. */
  public static final int INTERRUPT_RAISE = 0x60;

  /** Acknowledges the interrupts written; reads nothing. */
  public static final int INTERRUPT_ACKNOWLEDGE = 0x64;

  /** DMA source, 64 bits. */
  public static final int DMA_SOURCE = 0x80;

  /** DMA destination, 64 bits. */
  public static final int DMA_DESTINATION = 0x88;

  /** DMA length in bytes, 64 bits. */
  public static final int DMA_COUNT = 0x90;

  /** DMA command: {@code RUN}, {@code TO_MEMORY}, {@code INTERRUPT}. */
  public static final int DMA_COMMAND = 0x98;

  /** Starts a transfer; reads 0 when it is done. */
  public static final int RUN = 1;

  /** From the buffer to memory; without it from memory to the buffer. */
  public static final int TO_MEMORY = 2;

  /** Raises interrupt {@code 0x100} at the end. */
  public static final int INTERRUPT = 4;

  /** The value of {@link #IDENT}: version 1.0. */
  public static final int IDENTIFICATION = 0x010000ed;

  /** The addresses that the DMA engine reaches unless it is told otherwise. */
  public static final long DMA_MASK = (1L << 28) - 1;

  private static final long NOTHING = -1;
  private static final int STATUS_INTERRUPT = 0x80;
  private static final int FACTORIAL_DONE = 1;
  private static final int DMA_DONE = 0x100;
  private static final int WIDE_REGISTERS = 0x80;
  private static final int PAGE = 4096;

  private static final List<Register> REGISTERS =
      List.of(
          Register.word(IDENT),
          Register.word(LIVENESS),
          Register.word(STATUS),
          Register.word(FACTORIAL),
          Register.word(INTERRUPT_STATUS),
          Register.word(INTERRUPT_RAISE),
          Register.word(INTERRUPT_ACKNOWLEDGE),
          Register.wide(DMA_SOURCE),
          Register.wide(DMA_DESTINATION),
          Register.wide(DMA_COUNT),
          Register.wide(DMA_COMMAND));

  private final DevicePort port;
  private final long dmaMask;
  private final byte[] buffer = new byte[BUFFER_BYTES];
  private int liveness;
  private int factorial;
  private int status;
  private int interrupts;
  private long source;
  private long destination;
  private long count;
  private long command;

  /**
   * An edu after power-on.
   *
   * @param dmaMask bits of an address that its DMA engine has: {@link #DMA_MASK}, or others
   */
  public EduModel(DevicePort port, long dmaMask) {
    this.port = port;
    this.dmaMask = dmaMask;
  }

  @Override
  public List<Register> registers(int bar) {
    return REGISTERS;
  }

  @Override
  public long read(int bar, long offset, int bytes) {
    if (bytes < 4) {
      return 0;
    }
    if (offset < WIDE_REGISTERS && bytes != 4) {
      return NOTHING;
    }
    return switch ((int) offset) {
      case IDENT -> IDENTIFICATION;
      case LIVENESS -> liveness;
      case FACTORIAL -> factorial;
      case STATUS -> status;
      case INTERRUPT_STATUS -> interrupts;
      case DMA_SOURCE -> source;
      case DMA_DESTINATION -> destination;
      case DMA_COUNT -> count;
      case DMA_COMMAND -> command;
      default -> NOTHING;
    };
  }

  @Override
  public void write(int bar, long offset, int bytes, long value) {
    if (bytes < 4 || (offset < WIDE_REGISTERS && bytes != 4)) {
      return;
    }
    long written = bytes == 4 ? value & 0xffff_ffffL : value;
    switch ((int) offset) {
      case LIVENESS -> liveness = (int) ~written;
      case FACTORIAL -> {
        factorial = factorialOf((int) written);
        if ((status & STATUS_INTERRUPT) != 0) {
          raise(FACTORIAL_DONE);
        }
      }
      case STATUS -> status = (int) written & STATUS_INTERRUPT;
      case INTERRUPT_RAISE -> raise((int) written);
      case INTERRUPT_ACKNOWLEDGE -> acknowledge((int) written);
      case DMA_SOURCE -> source = written;
      case DMA_DESTINATION -> destination = written;
      case DMA_COUNT -> count = written;
      case DMA_COMMAND -> {
        if ((written & RUN) != 0) {
          command = written;
          transfer();
        }
      }
      default -> {}
    }
  }

  /** An access that reaches no register reads all ones. */
  @Override
  public void fill(int bar, long offset, MemorySegment mapping) {
    mapping.fill((byte) NOTHING);
  }

  /** QEMU's model keeps its registers over a reset. */
  @Override
  public void reset() {}

  private void raise(int which) {
    interrupts |= which;
    if (interrupts != 0) {
      port.raise(0);
    }
  }

  private void acknowledge(int which) {
    interrupts &= ~which;
    if (interrupts == 0) {
      port.lower();
    }
  }

  private static int factorialOf(int n) {
    int product = 1;
    for (int i = n; i != 0 && product != 0; i--) {
      product *= i;
    }
    return product;
  }

  private void transfer() {
    boolean toMemory = (command & TO_MEMORY) != 0;
    long inside = (toMemory ? source : destination) - BUFFER;
    long outside = (toMemory ? destination : source) & dmaMask;
    if (inside >= 0
        && inside <= BUFFER_BYTES
        && Long.compareUnsigned(count, BUFFER_BYTES - inside) <= 0) {
      move((int) inside, outside, (int) count, toMemory);
    }
    command &= ~RUN;
    if ((command & INTERRUPT) != 0) {
      raise(DMA_DONE);
    }
  }

  private void move(int inside, long outside, int bytes, boolean toMemory) {
    int done = 0;
    while (done < bytes) {
      long at = outside + done;
      int page = PAGE - (int) (at & (PAGE - 1));
      int length = Math.min(page, bytes - done);
      MemorySegment piece = MemorySegment.ofArray(buffer).asSlice(inside + done, length);
      if (toMemory) {
        port.write(at, piece);
      } else if (!port.read(at, piece)) {
        piece.fill((byte) 0);
      }
      done += length;
    }
  }
}
