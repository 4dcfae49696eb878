// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.pci;

import static io.iommufd4j.bindings.pci.pci_h.PCI_BASE_ADDRESS_0;
import static io.iommufd4j.bindings.pci.pci_h.PCI_CACHE_LINE_SIZE;
import static io.iommufd4j.bindings.pci.pci_h.PCI_CAPABILITY_LIST;
import static io.iommufd4j.bindings.pci.pci_h.PCI_CAP_ID_EXP;
import static io.iommufd4j.bindings.pci.pci_h.PCI_CAP_ID_MSI;
import static io.iommufd4j.bindings.pci.pci_h.PCI_CAP_ID_MSIX;
import static io.iommufd4j.bindings.pci.pci_h.PCI_CAP_ID_PM;
import static io.iommufd4j.bindings.pci.pci_h.PCI_CLASS_REVISION;
import static io.iommufd4j.bindings.pci.pci_h.PCI_COMMAND;
import static io.iommufd4j.bindings.pci.pci_h.PCI_COMMAND_INTX_DISABLE;
import static io.iommufd4j.bindings.pci.pci_h.PCI_COMMAND_IO;
import static io.iommufd4j.bindings.pci.pci_h.PCI_COMMAND_MASTER;
import static io.iommufd4j.bindings.pci.pci_h.PCI_COMMAND_MEMORY;
import static io.iommufd4j.bindings.pci.pci_h.PCI_DEVICE_ID;
import static io.iommufd4j.bindings.pci.pci_h.PCI_HEADER_TYPE;
import static io.iommufd4j.bindings.pci.pci_h.PCI_HEADER_TYPE_MFD;
import static io.iommufd4j.bindings.pci.pci_h.PCI_INTERRUPT_LINE;
import static io.iommufd4j.bindings.pci.pci_h.PCI_INTERRUPT_PIN;
import static io.iommufd4j.bindings.pci.pci_h.PCI_MSI_FLAGS_64BIT;
import static io.iommufd4j.bindings.pci.pci_h.PCI_MSI_FLAGS_ENABLE;
import static io.iommufd4j.bindings.pci.pci_h.PCI_MSI_FLAGS_QSIZE;
import static io.iommufd4j.bindings.pci.pci_h.PCI_STATUS;
import static io.iommufd4j.bindings.pci.pci_h.PCI_STATUS_CAP_LIST;
import static io.iommufd4j.bindings.pci.pci_h.PCI_SUBSYSTEM_ID;
import static io.iommufd4j.bindings.pci.pci_h.PCI_SUBSYSTEM_VENDOR_ID;
import static io.iommufd4j.bindings.pci.pci_h.PCI_VENDOR_ID;

/**
 * A function's configuration registers as hardware has them: header, capability lists, and which
 * bits can be written. Multi-byte registers are little-endian.
 */
public final class PciConfigSpace {

  /** Bytes of a conventional function's configuration space. */
  public static final int CONVENTIONAL = 256;

  /** Bytes of a PCI Express function's configuration space; extended capabilities start behind. */
  public static final int EXPRESS = 4096;

  /** Bytes of the header; capabilities lie behind it. */
  public static final int HEADER = 64;

  /** Bytes of an MSI capability with a 64-bit address and without mask bits. */
  public static final int MSI_64_BYTES = 14;

  /** {@code PCI_MSI_FLAGS_MASKBIT}: it has a bit to mask each message. */
  public static final int MSI_MASKS = 0x100;

  /** {@code PCI_HEADER_TYPE_BRIDGE}. */
  private static final int BRIDGE_HEADER = 1;

  /** {@code PCI_PRIMARY_BUS}; the secondary and the last bus follow. */
  private static final int PRIMARY_BUS = 0x18;

  private static final int COMMAND_SERR = 0x100;
  private static final int STATUS_CAP_LIST = PCI_STATUS_CAP_LIST();

  /** {@code PCI_STATUS_INTERRUPT}. */
  private static final int STATUS_INTERRUPT = 8;

  private static final int MSI_FLAGS = 2;
  private static final int MSIX_BYTES = 12;
  private static final int MSIX_ENABLE = 0x8000;
  private static final int MSIX_FUNCTION_MASK = 0x4000;
  private static final int MSIX_QSIZE = 0x7ff;

  /** {@code PCI_MSIX_TABLE_BIR}. */
  private static final int MSIX_BAR = 7;

  private static final int EXTENDED_VERSION = 1 << 16;
  private static final int EXTENDED_NEXT = 20;
  private static final int NOWHERE = 0;

  private final TrimmedBytes registers;
  private final TrimmedBytes writable;
  private int msiAt = NOWHERE;
  private int msixAt = NOWHERE;
  private int lastExtended = NOWHERE;

  /**
   * Registers of a conventional function after the firmware has been there: memory decoded, bus
   * mastering off.
   *
   * @param classRevision class in bits 31:8, revision in bits 7:0, as {@code PCI_CLASS_REVISION}
   */
  public PciConfigSpace(
      int vendor, int device, int classRevision, int subsystemVendor, int subsystem) {
    this(CONVENTIONAL, vendor, device, classRevision, subsystemVendor, subsystem);
  }

  /** The same of a function of either kind: {@link #CONVENTIONAL} or {@link #EXPRESS}. */
  public PciConfigSpace(
      int bytes, int vendor, int device, int classRevision, int subsystemVendor, int subsystem) {
    this(bytes);
    put(PCI_VENDOR_ID(), 2, vendor);
    put(PCI_DEVICE_ID(), 2, device);
    put(PCI_CLASS_REVISION(), 4, classRevision);
    put(PCI_SUBSYSTEM_VENDOR_ID(), 2, subsystemVendor);
    put(PCI_SUBSYSTEM_ID(), 2, subsystem);
    put(PCI_COMMAND(), 2, PCI_COMMAND_IO() | PCI_COMMAND_MEMORY() | COMMAND_SERR);
    writable.fill(HEADER, bytes, 0xff);
  }

  /** Registers of 0, of which what every header has can be written. */
  private PciConfigSpace(int bytes) {
    registers = new TrimmedBytes(bytes);
    writable = new TrimmedBytes(bytes);
    allow(
        PCI_COMMAND(),
        2,
        PCI_COMMAND_IO()
            | PCI_COMMAND_MEMORY()
            | PCI_COMMAND_MASTER()
            | PCI_COMMAND_INTX_DISABLE()
            | COMMAND_SERR);
    allow(PCI_CACHE_LINE_SIZE(), 1, 0xff);
    allow(PCI_INTERRUPT_LINE(), 1, 0xff);
  }

  /**
   * Registers as they were found on a host. The header, MSI, MSI-X and power management can be
   * written, and other capabilities cannot.
   *
   * @param found the first of them; those behind are 0
   * @param size {@link #CONVENTIONAL} or {@link #EXPRESS}
   */
  public static PciConfigSpace found(byte[] found, int size) {
    var config = new PciConfigSpace(size);
    config.registers.copyFrom(found, found.length);
    config.findMessages();
    return config;
  }

  private void findMessages() {
    msiAt = find(PCI_CAP_ID_MSI());
    if (msiAt != NOWHERE) {
      allow(msiAt + MSI_FLAGS, 2, PCI_MSI_FLAGS_ENABLE() | PCI_MSI_FLAGS_QSIZE());
      for (int at = msiAt + 4; at < msiAt + msiBytes(msiAt); at++) {
        allow(at, 1, -1);
      }
    }
    msixAt = find(PCI_CAP_ID_MSIX());
    if (msixAt != NOWHERE) {
      allow(msixAt + MSI_FLAGS, 2, MSIX_ENABLE | MSIX_FUNCTION_MASK);
    }
    int power = find(PCI_CAP_ID_PM());
    if (power != NOWHERE) {
      allow(power + 4, 2, 3);
    }
  }

  /** Bytes of an MSI capability: with a wide address it is longer, and with mask bits. */
  public synchronized int msiBytes(int at) {
    int flags = get(at + MSI_FLAGS, 2);
    boolean wide = (flags & PCI_MSI_FLAGS_64BIT()) != 0;
    if ((flags & MSI_MASKS) != 0) {
      return wide ? 24 : 20;
    }
    return wide ? MSI_64_BYTES : 10;
  }

  /** The offset of an extended capability; 0 when there is none. */
  public synchronized int findExtended(int id) {
    int at = registers.size() > CONVENTIONAL ? CONVENTIONAL : NOWHERE;
    for (int i = 0; i < registers.size() / 4 && at >= CONVENTIONAL; i++) {
      int header = get(at, 4);
      if (header != 0 && (header & 0xffff) == id) {
        return at;
      }
      at = header >>> EXTENDED_NEXT & ~3;
    }
    return NOWHERE;
  }

  /** No firmware has been there: memory alone is decoded, which Linux sees to by itself. */
  public void withoutFirmware() {
    put(PCI_COMMAND(), 2, PCI_COMMAND_MEMORY());
  }

  /** The number of bytes of configuration space. */
  public int size() {
    return registers.size();
  }

  /** Several functions share this function's slot. */
  public void multifunction() {
    put(PCI_HEADER_TYPE(), 1, get(PCI_HEADER_TYPE(), 1) | PCI_HEADER_TYPE_MFD());
  }

  /**
   * A header of type 1 ({@code PCI_HEADER_TYPE_BRIDGE}).
   *
   * @param primary the bus that the bridge is on
   * @param secondary the bus behind it, and the last one
   */
  public void bridge(int primary, int secondary) {
    put(PCI_HEADER_TYPE(), 1, BRIDGE_HEADER);
    put(PRIMARY_BUS, 1, primary);
    put(PRIMARY_BUS + 1, 1, secondary);
    put(PRIMARY_BUS + 2, 1, secondary);
  }

  /** {@code hdr_type}: true for a bridge's header. */
  public boolean isBridge() {
    return (read(PCI_HEADER_TYPE(), 1) & ~PCI_HEADER_TYPE_MFD()) == BRIDGE_HEADER;
  }

  /**
   * A BAR at the address that the firmware gave it.
   *
   * @param bytes its size, a power of two
   * @param value the address, with the low bits that say what kind of address it is
   * @param wide whether it takes the register of the next one as well
   */
  public void bar(int index, long bytes, long value, boolean wide) {
    int at = PCI_BASE_ADDRESS_0() + 4 * index;
    put(at, 4, (int) value);
    allow(at, 4, (int) -bytes);
    if (wide) {
      put(at + 4, 4, (int) (value >>> Integer.SIZE));
      allow(at + 4, 4, (int) (-bytes >>> Integer.SIZE));
    }
  }

  /**
   * A legacy interrupt.
   *
   * @param pin 1 for INTA
   * @param line the IRQ the firmware gave it
   */
  public void interrupt(int pin, int line) {
    put(PCI_INTERRUPT_PIN(), 1, pin);
    put(PCI_INTERRUPT_LINE(), 1, line);
  }

  /** An MSI capability of one vector with a 64-bit address, first in the list. */
  public void msi(int at) {
    msiAt = at;
    capability(at, PCI_CAP_ID_MSI(), MSI_64_BYTES);
    put(at + 2, 2, PCI_MSI_FLAGS_64BIT());
    allow(at + 2, 2, PCI_MSI_FLAGS_ENABLE() | PCI_MSI_FLAGS_QSIZE());
    allow(at + 4, 4, ~3);
    allow(at + 8, 4, -1);
    allow(at + 12, 2, 0xffff);
  }

  /** The same with a bit to mask the message, and one that says that it is due. */
  public void maskableMsi(int at) {
    msi(at);
    put(at + 2, 2, PCI_MSI_FLAGS_64BIT() | MSI_MASKS);
    writable.fill(at + MSI_64_BYTES, at + msiBytes(at), 0);
    allow(at + 16, 4, 1);
  }

  /**
   * An MSI-X capability, first in the list.
   *
   * @param vectors how many messages there are
   * @param bar which BAR the table and the pending bits lie in
   * @param table where the table is in the BAR
   * @param pending where the pending bits are
   */
  public void msix(int at, int vectors, int bar, int table, int pending) {
    msixAt = at;
    capability(at, PCI_CAP_ID_MSIX(), MSIX_BYTES);
    put(at + MSI_FLAGS, 2, vectors - 1);
    allow(at + MSI_FLAGS, 2, MSIX_ENABLE | MSIX_FUNCTION_MASK);
    put(at + 4, 4, table | bar);
    put(at + 8, 4, pending | bar);
  }

  /** The number of MSI-X messages; 0 without the capability. */
  public synchronized int msixVectors() {
    return msixAt == NOWHERE ? 0 : (get(msixAt + MSI_FLAGS, 2) & MSIX_QSIZE) + 1;
  }

  /** Offset of the MSI-X table in its BAR, in bytes; only of a function that has one. */
  public synchronized int msixTable() {
    return get(msixAt + 4, 4) & ~MSIX_BAR;
  }

  /** The BAR that the MSI-X table is in; only of a function that has one. */
  public synchronized int msixBar() {
    return get(msixAt + 4, 4) & MSIX_BAR;
  }

  /** A capability, first in the list; none of its bits can be written. */
  public void capability(int at, int id, int bytes) {
    put(at, 1, id);
    put(at + 1, 1, get(PCI_CAPABILITY_LIST(), 1));
    put(PCI_CAPABILITY_LIST(), 1, at);
    put(PCI_STATUS(), 2, get(PCI_STATUS(), 2) | STATUS_CAP_LIST);
    writable.fill(at, at + bytes, 0);
  }

  /** An extended capability of version 1, last in the list; none of its bits can be written. */
  public void extended(int at, int id, int bytes) {
    put(at, 4, id | EXTENDED_VERSION);
    if (lastExtended != NOWHERE) {
      put(lastExtended, 4, get(lastExtended, 4) | at << EXTENDED_NEXT);
    }
    lastExtended = at;
    writable.fill(at, at + bytes, 0);
  }

  /** {@code pci_is_pcie}: true if it has the Express capability. */
  public boolean isExpress() {
    return find(PCI_CAP_ID_EXP()) != NOWHERE;
  }

  /** The offset of a capability; 0 when there is none. */
  public synchronized int find(int id) {
    int at = get(PCI_CAPABILITY_LIST(), 1) & ~3;
    for (int i = 0; i < CONVENTIONAL / 4 && at >= HEADER; i++) {
      if (get(at, 1) == id) {
        return at;
      }
      at = get(at + 1, 1) & ~3;
    }
    return NOWHERE;
  }

  /** Gives registers a value, whether they can be written or not: hardware does. */
  public synchronized void set(int offset, int bytes, int value) {
    put(offset, bytes, value);
  }

  /**
   * Reads registers.
   *
   * @param bytes 1, 2 or 4
   */
  public synchronized int read(int offset, int bytes) {
    return get(offset, bytes);
  }

  /** Writes registers; bits that cannot be written keep their values. */
  public synchronized void write(int offset, int bytes, int value) {
    for (int i = 0; i < bytes; i++) {
      int mask = writable.get(offset + i);
      int written = value >> (8 * i);
      registers.set(offset + i, (registers.get(offset + i) & ~mask) | (written & mask));
    }
  }

  /** All registers as they stand, as sysfs shows them in {@code config}. */
  public synchronized byte[] bytes() {
    return registers.toArray();
  }

  /**
   * {@code pci_restore_state}: puts registers back to what {@link #bytes} returned once. What a
   * conventional function has behind its header stays as the last user left it.
   */
  public synchronized void restore(byte[] saved) {
    int restored = registers.size() == CONVENTIONAL ? HEADER : registers.size();
    registers.copyFrom(saved, restored);
  }

  /** True if interrupts leave as messages. */
  synchronized boolean messagesEnabled() {
    return msiAt != NOWHERE && (get(msiAt + MSI_FLAGS, 2) & PCI_MSI_FLAGS_ENABLE()) != 0;
  }

  synchronized void messagesEnabled(boolean enable) {
    if (msiAt != NOWHERE) {
      int flags = get(msiAt + MSI_FLAGS, 2) & ~PCI_MSI_FLAGS_ENABLE();
      put(msiAt + MSI_FLAGS, 2, enable ? flags | PCI_MSI_FLAGS_ENABLE() : flags);
    }
  }

  /** True if interrupts leave as messages of MSI-X. */
  synchronized boolean manyMessagesEnabled() {
    return msixAt != NOWHERE && (get(msixAt + MSI_FLAGS, 2) & MSIX_ENABLE) != 0;
  }

  /** Sets whether they do. */
  synchronized void manyMessagesEnabled(boolean enable) {
    int flags = get(msixAt + MSI_FLAGS, 2) & ~MSIX_ENABLE;
    put(msixAt + MSI_FLAGS, 2, enable ? flags | MSIX_ENABLE : flags);
  }

  /** Shows whether the legacy pin is asserted. */
  synchronized void interruptStatus(boolean asserted) {
    int status = get(PCI_STATUS(), 2) & ~STATUS_INTERRUPT;
    put(PCI_STATUS(), 2, asserted ? status | STATUS_INTERRUPT : status);
  }

  /** True if the function may do DMA. */
  public boolean busMaster() {
    return (read(PCI_COMMAND(), 2) & PCI_COMMAND_MASTER()) != 0;
  }

  private int get(int offset, int bytes) {
    int value = 0;
    for (int i = 0; i < bytes; i++) {
      value |= (registers.get(offset + i) & 0xff) << (8 * i);
    }
    return value;
  }

  private void put(int offset, int bytes, int value) {
    for (int i = 0; i < bytes; i++) {
      registers.set(offset + i, value >> (8 * i));
    }
  }

  /** Says which bits of registers can be written: those of the mask. */
  public void allow(int offset, int bytes, int mask) {
    for (int i = 0; i < bytes; i++) {
      writable.set(offset + i, mask >> (8 * i));
    }
  }
}
