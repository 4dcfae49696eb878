// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.vfio.pci;

import static io.iommufd4j.bindings.pci.pci_h.PCI_BASE_ADDRESS_0;
import static io.iommufd4j.bindings.pci.pci_h.PCI_BASE_ADDRESS_5;
import static io.iommufd4j.bindings.pci.pci_h.PCI_BIST;
import static io.iommufd4j.bindings.pci.pci_h.PCI_CACHE_LINE_SIZE;
import static io.iommufd4j.bindings.pci.pci_h.PCI_CAPABILITY_LIST;
import static io.iommufd4j.bindings.pci.pci_h.PCI_CAP_ID_EXP;
import static io.iommufd4j.bindings.pci.pci_h.PCI_CAP_ID_MSI;
import static io.iommufd4j.bindings.pci.pci_h.PCI_CAP_ID_PM;
import static io.iommufd4j.bindings.pci.pci_h.PCI_COMMAND;
import static io.iommufd4j.bindings.pci.pci_h.PCI_COMMAND_INTX_DISABLE;
import static io.iommufd4j.bindings.pci.pci_h.PCI_COMMAND_IO;
import static io.iommufd4j.bindings.pci.pci_h.PCI_COMMAND_MEMORY;
import static io.iommufd4j.bindings.pci.pci_h.PCI_DEVICE_ID;
import static io.iommufd4j.bindings.pci.pci_h.PCI_INTERRUPT_LINE;
import static io.iommufd4j.bindings.pci.pci_h.PCI_INTERRUPT_PIN;
import static io.iommufd4j.bindings.pci.pci_h.PCI_LATENCY_TIMER;
import static io.iommufd4j.bindings.pci.pci_h.PCI_MSI_FLAGS_64BIT;
import static io.iommufd4j.bindings.pci.pci_h.PCI_MSI_FLAGS_ENABLE;
import static io.iommufd4j.bindings.pci.pci_h.PCI_MSI_FLAGS_QMASK;
import static io.iommufd4j.bindings.pci.pci_h.PCI_MSI_FLAGS_QSIZE;
import static io.iommufd4j.bindings.pci.pci_h.PCI_ROM_ADDRESS;
import static io.iommufd4j.bindings.pci.pci_h.PCI_STATUS;
import static io.iommufd4j.bindings.pci.pci_h.PCI_STATUS_CAP_LIST;
import static io.iommufd4j.bindings.pci.pci_h.PCI_VENDOR_ID;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.pci.PciConfigSpace;
import io.iommufd4j.sim.pci.PciFunction;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * A function's configuration registers as VFIO lets a user see them: each bit is hardware's or a
 * copy, and can be written or not ({@code vfio_pci_config.c}). BARs, interrupt line and pin, the
 * capability lists and MSI are copies; memory decoding and bus mastering are real. A virtual
 * function's ids are made up, and so is its memory decoding, which it does not have.
 */
public final class VirtualConfig {

  private static final int ID = 0;
  private static final int BASIC = 0;
  private static final int MSI = PCI_CAP_ID_MSI();
  private static final int POWER = PCI_CAP_ID_PM();
  private static final int EXPRESS = PCI_CAP_ID_EXP();
  private static final int UNASSIGNED = 0xff;

  /** Sets the owners of extended capabilities apart from those of the others. */
  private static final int EXTENDED = 0x1000;

  private static final int EXTENDED_NEXT = 20;

  /** A capability takes four bytes at least, so no list is longer. */
  private static final int MOST_CAPABILITIES = (PciConfigSpace.EXPRESS - 256) / 4;

  /** {@code PCI_EXT_CAP_NEXT}: where the next one is, within the first word. */
  private static final int NEXT_BITS = 0xffc << EXTENDED_NEXT;

  private static final int POWER_CONTROL = 4;
  private static final int POWER_STATE = 3;
  private static final int POWER_EVENTS = 0x8100;
  private static final int POWER_EVENT_SUPPORT = 0xf800;
  private static final int DEVICE_CONTROL = 8;
  private static final int DEVICE_CONTROL_2 = 40;
  private static final int PHANTOM_FUNCTIONS = 0x0200;
  private static final int ARI_FORWARDING = 0x0020;

  /** Payload and read request sizes, and the reset: the user sees what it wrote. */
  private static final int DEVICE_CONTROL_COPIES = 0xf0e0;

  private static final int RESET = 0x8000;
  private static final int MSI_FLAGS = 2;
  private static final int BARS = 6;
  private static final int DECODING = PCI_COMMAND_IO() | PCI_COMMAND_MEMORY();

  /** The part of the device that has to act when the user writes the command register. */
  public interface Listener {
    /** {@code PCI_COMMAND_INTX_DISABLE} is this from now on. */
    default void pinDisabled(boolean disabled) {}

    /** {@code PCI_COMMAND_MEMORY} is this from now on. */
    default void decoding(boolean memory) {}

    /** The user wrote the bit that resets the function. */
    default void resetAsked() {}

    /** True if the function may leave its working power state. */
    default boolean maySleep() {
      return true;
    }
  }

  private final PciFunction function;
  private final Listener listener;
  private final PciConfigSpace hardware;
  private final int size;
  private final byte[] copy;
  private final byte[] virtual;
  private final byte[] writable;
  private final int[] owner;
  private int msiAt;
  private int powerAt;
  private int expressAt;
  private int msiMost;
  private boolean msiInUse;
  private boolean barsWritten = true;

  /** {@code vfio_config_init}. */
  public VirtualConfig(PciFunction function, Listener listener) {
    this.function = function;
    this.listener = listener;
    this.hardware = function.config();
    this.size = hardware.size();
    this.copy = new byte[size];
    this.virtual = new byte[size];
    this.writable = new byte[size];
    this.owner = new int[size];
    Arrays.fill(owner, 0, PciConfigSpace.HEADER, BASIC);
    Arrays.fill(owner, PciConfigSpace.HEADER, size, UNASSIGNED);
    // Devices hide registers between their capabilities: what nobody knows is passed through.
    Arrays.fill(writable, PciConfigSpace.HEADER, size, (byte) 0xff);
    System.arraycopy(hardware.bytes(), 0, copy, 0, PciConfigSpace.HEADER);
    describeHeader();
    if (function.physical() != null) {
      describeVirtualFunction();
    }
    describeCapabilities();
    describeExtended();
  }

  private void describeVirtualFunction() {
    put(PCI_VENDOR_ID(), 2, function.vendor());
    put(PCI_DEVICE_ID(), 2, function.deviceId());
    put(PCI_INTERRUPT_PIN(), 1, 0);
    put(PCI_COMMAND(), 2, get(PCI_COMMAND(), 2) | PCI_COMMAND_MEMORY());
  }

  private void describeHeader() {
    rule(PCI_VENDOR_ID(), 2, -1, 0);
    rule(PCI_DEVICE_ID(), 2, -1, 0);
    rule(PCI_COMMAND(), 2, PCI_COMMAND_INTX_DISABLE(), -1);
    rule(PCI_STATUS(), 2, PCI_STATUS_CAP_LIST(), 0);
    rule(PCI_CACHE_LINE_SIZE(), 1, 0, -1);
    rule(PCI_LATENCY_TIMER(), 1, 0, -1);
    rule(PCI_BIST(), 1, 0, -1);
    for (int bar = PCI_BASE_ADDRESS_0(); bar <= PCI_BASE_ADDRESS_5(); bar += 4) {
      rule(bar, 4, -1, -1);
    }
    rule(PCI_ROM_ADDRESS(), 4, -1, -1);
    rule(PCI_CAPABILITY_LIST(), 1, -1, 0);
    rule(PCI_INTERRUPT_LINE(), 1, -1, -1);
    rule(PCI_INTERRUPT_PIN(), 1, -1, 0);
    if (function.interruptLine() == 0) {
      put(PCI_INTERRUPT_PIN(), 1, 0);
    }
  }

  /** {@code vfio_cap_init}: a capability that VFIO does not pass on is taken out of the list. */
  private void describeCapabilities() {
    int link = PCI_CAPABILITY_LIST();
    int at = hardware.read(link, 1) & ~3;
    boolean any = false;
    for (int i = 0; i < MOST_CAPABILITIES && at >= PciConfigSpace.HEADER; i++) {
      int id = hardware.read(at + ID, 1);
      int next = hardware.read(at + 1, 1) & ~3;
      int bytes = CapabilityLengths.of(hardware, id, at);
      if (bytes == 0) {
        put(link, 1, next);
      } else {
        take(at, id, bytes);
        // Where its registers have no rule of their own, they are read and not written.
        rule(at, 2, -1, 0);
        if (id == MSI) {
          describeMsi(at);
        } else if (id == POWER) {
          describePower(at);
        } else if (id == EXPRESS) {
          describeExpress(at);
        }
        link = at + 1;
        any = true;
      }
      at = next;
    }
    if (!any) {
      put(PCI_STATUS(), 2, get(PCI_STATUS(), 2) & ~PCI_STATUS_CAP_LIST());
    }
  }

  /**
   * {@code vfio_ecap_init}: one that is hidden is taken out of the list; the first stays, as one
   * without an id.
   */
  private void describeExtended() {
    int first = PciConfigSpace.CONVENTIONAL;
    if (size <= first || hardware.read(first, 4) == 0) {
      return;
    }
    int at = first;
    int before = 0;
    boolean any = false;
    for (int i = 0; i < MOST_CAPABILITIES && at >= first; i++) {
      int header = hardware.read(at, 4);
      int id = header & 0xffff;
      int next = header >>> EXTENDED_NEXT & ~3;
      int bytes = CapabilityLengths.ofExtended(hardware, id, at);
      if (bytes == 0 && before != 0) {
        put(before, 4, (get(before, 4) & ~NEXT_BITS) | next << EXTENDED_NEXT);
      } else {
        take(at, EXTENDED | id, bytes == 0 ? 4 : bytes);
        rule(at, 4, -1, 0);
        if (bytes == 0) {
          put(at, 4, get(at, 4) & NEXT_BITS);
        }
        any |= bytes != 0;
        before = at;
      }
      at = next;
    }
    if (!any) {
      put(first, 4, 0);
    }
  }

  /** A capability's registers: hardware's, and none can be written. */
  private void take(int at, int whose, int bytes) {
    System.arraycopy(hardware.bytes(), at, copy, at, bytes);
    Arrays.fill(owner, at, at + bytes, whose);
    rule(at, bytes, 0, 0);
  }

  private void describeMsi(int at) {
    rule(at, 2, 0xff00, 0);
    rule(at + MSI_FLAGS, 2, 0xff, 0xff);
    rule(at + 4, 4, -1, -1);
    int data = at + 8;
    if ((get(at + MSI_FLAGS, 2) & PCI_MSI_FLAGS_64BIT()) != 0) {
      rule(data, 4, -1, -1);
      data += 4;
    }
    rule(data, 2, -1, -1);
    if ((get(at + MSI_FLAGS, 2) & PciConfigSpace.MSI_MASKS) != 0) {
      rule(data + 4, 4, 0, -1);
    }
    msiAt = at;
    msiMost = (get(at + MSI_FLAGS, 2) & PCI_MSI_FLAGS_QMASK()) >> 1;
  }

  /** The user is told of no power management events. */
  private void describePower(int at) {
    powerAt = at;
    rule(at, 2, 0xff00, 0);
    rule(at + 2, 2, POWER_EVENT_SUPPORT, 0);
    rule(at + POWER_CONTROL, 4, POWER_EVENTS, ~(POWER_EVENTS | POWER_STATE));
    put(at + 2, 2, get(at + 2, 2) & ~POWER_EVENT_SUPPORT);
    put(at + POWER_CONTROL, 2, get(at + POWER_CONTROL, 2) & ~POWER_EVENTS);
  }

  private void describeExpress(int at) {
    expressAt = at;
    rule(at, 2, 0xff00, 0);
    rule(at + DEVICE_CONTROL, 2, DEVICE_CONTROL_COPIES, ~PHANTOM_FUNCTIONS);
    rule(at + DEVICE_CONTROL_2, 2, 0, ~ARI_FORWARDING);
  }

  /**
   * {@code __vfio_pci_memory_enabled}: whether the user has memory decoding on, which a virtual
   * function always has; never while the function sleeps.
   */
  synchronized boolean decodesMemory() {
    boolean asleep =
        powerAt != 0 && (hardware.read(powerAt + POWER_CONTROL, 2) & POWER_STATE) == POWER_STATE;
    return !asleep
        && (function.physical() != null || (get(PCI_COMMAND(), 2) & PCI_COMMAND_MEMORY()) != 0);
  }

  /** True if the function has a legacy interrupt that the user may see. */
  synchronized boolean hasLegacyInterrupt() {
    return get(PCI_INTERRUPT_PIN(), 1) != 0;
  }

  /** The number of MSI vectors; 0 without the capability. */
  synchronized int msiVectors() {
    if (msiAt == 0) {
      return 0;
    }
    return 1 << ((hardware.read(msiAt + MSI_FLAGS, 2) & PCI_MSI_FLAGS_QMASK()) >> 1);
  }

  /**
   * Sets whether the user has MSI on by {@code VFIO_DEVICE_SET_IRQS}: only then does its enable bit
   * stay set.
   */
  synchronized void msiInUse(boolean inUse) {
    msiInUse = inUse;
  }

  /**
   * {@code vfio_pci_config_rw} reading.
   *
   * @throws Refused EFAULT when it runs past the end
   */
  synchronized long read(int start, MemorySegment into) {
    int position = start;
    int left = (int) Math.min(into.byteSize(), Integer.MAX_VALUE);
    while (left > 0) {
      int bytes = chunk(position, left);
      int value = readChunk(position, bytes);
      for (int i = 0; i < bytes; i++) {
        into.set(ValueLayout.JAVA_BYTE, position - start + i, (byte) (value >> (8 * i)));
      }
      position += bytes;
      left -= bytes;
    }
    return (long) position - start;
  }

  /**
   * {@code vfio_pci_config_rw} writing.
   *
   * @throws Refused EFAULT when it runs past the end; what lies before it is written
   */
  synchronized long write(int start, MemorySegment from) {
    int position = start;
    int left = (int) Math.min(from.byteSize(), Integer.MAX_VALUE);
    while (left > 0) {
      int bytes = chunk(position, left);
      int value = 0;
      for (int i = 0; i < bytes; i++) {
        value |= (from.get(ValueLayout.JAVA_BYTE, position - start + i) & 0xff) << (8 * i);
      }
      writeChunk(position, bytes, value);
      position += bytes;
      left -= bytes;
    }
    return (long) position - start;
  }

  /** The largest aligned access that stays in one dword and one capability. */
  private int chunk(int position, int left) {
    if (position >= size || left > size - position) {
      throw Refused.with(Errno.EFAULT);
    }
    int same = 1;
    while ((position + same) % 4 != 0 && owner[position + same] == owner[position]) {
      same++;
    }
    int most = Math.min(left, same);
    if (most >= 4 && position % 4 == 0) {
      return 4;
    }
    return most >= 2 && position % 2 == 0 ? 2 : 1;
  }

  private int readChunk(int position, int bytes) {
    if (isBar(position)) {
      sizeBars();
    }
    int copied = bits(virtual, position, bytes);
    int value = (hardware.read(position, bytes) & ~copied) | (get(position, bytes) & copied);
    if (position == PCI_COMMAND() && function.physical() != null) {
      value |= get(PCI_COMMAND(), 2) & PCI_COMMAND_MEMORY();
    }
    return value;
  }

  private void writeChunk(int position, int bytes, int value) {
    int allowed = bits(writable, position, bytes);
    int copied = bits(virtual, position, bytes);
    if ((allowed & copied) != 0) {
      int mask = allowed & copied;
      put(position, bytes, (get(position, bytes) & ~mask) | (value & mask));
    }
    if ((allowed & ~copied) != 0) {
      int mask = allowed & ~copied;
      hardware.write(position, bytes, (hardware.read(position, bytes) & ~mask) | (value & mask));
    }
    if (position == PCI_COMMAND()) {
      put(PCI_COMMAND(), 2, (get(PCI_COMMAND(), 2) & ~DECODING) | (value & DECODING));
      listener.decoding(decodesMemory());
    }
    if (position == PCI_COMMAND() || position == PCI_COMMAND() + 1) {
      listener.pinDisabled((get(PCI_COMMAND(), 2) & PCI_COMMAND_INTX_DISABLE()) != 0);
    }
    if (isBar(position)) {
      barsWritten = true;
    }
    int offset = position - msiAt;
    if (owner[position] == MSI && offset <= MSI_FLAGS && offset + bytes >= MSI_FLAGS) {
      settleMsi();
    }
    if (owner[position] == POWER && position == powerAt + POWER_CONTROL) {
      power(value & POWER_STATE);
    }
    if (owner[position] == EXPRESS) {
      settleExpress();
    }
  }

  /** The function works from now on. */
  synchronized void wake() {
    if (powerAt != 0) {
      power(0);
    }
  }

  /** {@code vfio_lock_and_set_power_state}: these functions work or sleep, and know no more. */
  private void power(int state) {
    boolean sleep = state == POWER_STATE;
    if (state != 0 && (!sleep || !listener.maySleep())) {
      return;
    }
    int at = powerAt + POWER_CONTROL;
    hardware.write(at, 2, (hardware.read(at, 2) & ~POWER_STATE) | state);
    listener.decoding(decodesMemory());
  }

  /** {@code vfio_exp_config_write}: the bit that resets reads 0 again. */
  private void settleExpress() {
    int at = expressAt + DEVICE_CONTROL;
    if ((get(at, 2) & RESET) != 0) {
      put(at, 2, get(at, 2) & ~RESET);
      listener.resetAsked();
    }
  }

  /** {@code vfio_msi_config_write}. */
  private void settleMsi() {
    int flags = get(msiAt + MSI_FLAGS, 2);
    if (!msiInUse) {
      flags &= ~PCI_MSI_FLAGS_ENABLE();
    }
    if ((flags & PCI_MSI_FLAGS_QSIZE()) >> 4 > msiMost) {
      flags = (flags & ~PCI_MSI_FLAGS_QSIZE()) | msiMost << 4;
    }
    put(msiAt + MSI_FLAGS, 2, flags);
    hardware.write(msiAt + MSI_FLAGS, 2, flags);
  }

  /** {@code vfio_bar_fixup}: what was written to a BAR reads back as hardware would have it. */
  private void sizeBars() {
    if (!barsWritten) {
      return;
    }
    for (int i = 0; i < BARS; i++) {
      int at = PCI_BASE_ADDRESS_0() + 4 * i;
      PciFunction.Bar bar = function.bar(i);
      if (bar == null) {
        put(at, 4, 0);
      } else {
        put(at, 4, (get(at, 4) & (int) -bar.bytes()) | bar.space().bits());
        if (bar.wide()) {
          put(at + 4, 4, get(at + 4, 4) & (int) (-bar.bytes() >>> Integer.SIZE));
          i++;
        }
      }
    }
    put(PCI_ROM_ADDRESS(), 4, 0);
    barsWritten = false;
  }

  private static boolean isBar(int position) {
    return (position >= PCI_BASE_ADDRESS_0() && position < PCI_BASE_ADDRESS_5() + 4)
        || (position >= PCI_ROM_ADDRESS() && position < PCI_ROM_ADDRESS() + 4);
  }

  private void rule(int at, int bytes, int virtualBits, int writableBits) {
    for (int i = 0; i < bytes; i++) {
      virtual[at + i] = (byte) (virtualBits >> (8 * i));
      writable[at + i] = (byte) (writableBits >> (8 * i));
    }
  }

  private int get(int at, int bytes) {
    return bits(copy, at, bytes);
  }

  private void put(int at, int bytes, int value) {
    for (int i = 0; i < bytes; i++) {
      copy[at + i] = (byte) (value >> (8 * i));
    }
  }

  private static int bits(byte[] from, int at, int bytes) {
    int value = 0;
    for (int i = 0; i < bytes; i++) {
      value |= (from[at + i] & 0xff) << (8 * i);
    }
    return value;
  }
}
