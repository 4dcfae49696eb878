// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.vfio;

import io.iommufd4j.bindings.pci.pci_h;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.wire.KernelFile;
import io.iommufd4j.wire.RequestBlocks;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The PCI config space of a device, as vfio-pci shows it. Registers are little-endian whatever the
 * host is; offsets are in bytes.
 *
 * <p>Reads and writes throw {@link KernelException}: {@code EFAULT} or {@code EINVAL} outside of
 * config space.
 */
public final class ConfigSpace {

  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final KernelFile file;
  private final long start;

  ConfigSpace(KernelFile file, long start) {
    this.file = file;
    this.start = start;
  }

  /**
   * {@return a register of one byte, from 0 to 255}
   *
   * @param offset in bytes
   */
  public int read8(int offset) {
    MemorySegment register = RequestBlocks.ofThread().byteRegister;
    read(register, offset);
    return Byte.toUnsignedInt(register.get(ValueLayout.JAVA_BYTE, 0));
  }

  /**
   * {@return a register of two bytes, from 0 to 65535}
   *
   * @param offset in bytes
   */
  public int read16(int offset) {
    MemorySegment register = RequestBlocks.ofThread().shortRegister;
    read(register, offset);
    return Short.toUnsignedInt(register.get(SHORT, 0));
  }

  /**
   * {@return a register of four bytes: all 32 bits, unsigned}
   *
   * @param offset in bytes
   */
  public int read32(int offset) {
    MemorySegment register = RequestBlocks.ofThread().intRegister;
    read(register, offset);
    return register.get(INT, 0);
  }

  /**
   * Writes the low 8 bits.
   *
   * @param offset in bytes
   * @param value other bits are ignored
   */
  public void write8(int offset, int value) {
    MemorySegment register = RequestBlocks.ofThread().byteRegister;
    register.set(ValueLayout.JAVA_BYTE, 0, (byte) value);
    write(register, offset);
  }

  /**
   * Writes the low 16 bits.
   *
   * @param offset in bytes
   * @param value other bits are ignored
   */
  public void write16(int offset, int value) {
    MemorySegment register = RequestBlocks.ofThread().shortRegister;
    register.set(SHORT, 0, (short) value);
    write(register, offset);
  }

  /**
   * Writes all 32 bits.
   *
   * @param offset in bytes
   * @param value unsigned
   */
  public void write32(int offset, int value) {
    MemorySegment register = RequestBlocks.ofThread().intRegister;
    register.set(INT, 0, value);
    write(register, offset);
  }

  /** {@return the vendor, as 0x8086} */
  public int vendorId() {
    return read16(pci_h.PCI_VENDOR_ID());
  }

  /** {@return the device, by the vendor's own numbering} */
  public int deviceId() {
    return read16(pci_h.PCI_DEVICE_ID());
  }

  /** {@return true if the device may start DMA} */
  public boolean busMaster() {
    return (read16(pci_h.PCI_COMMAND()) & pci_h.PCI_COMMAND_MASTER()) != 0;
  }

  /**
   * Lets the device start DMA, or stops it.
   *
   * @param on true to let it
   */
  public void busMaster(boolean on) {
    command(pci_h.PCI_COMMAND_MASTER(), on);
  }

  /** {@return true if the device answers at its memory BARs} */
  public boolean memorySpace() {
    return (read16(pci_h.PCI_COMMAND()) & pci_h.PCI_COMMAND_MEMORY()) != 0;
  }

  /**
   * Lets the device answer at its memory BARs, or not.
   *
   * @param on true to let it
   */
  public void memorySpace(boolean on) {
    command(pci_h.PCI_COMMAND_MEMORY(), on);
  }

  private void command(int bit, boolean on) {
    int command = read16(pci_h.PCI_COMMAND());
    write16(pci_h.PCI_COMMAND(), on ? command | bit : command & ~bit);
  }

  private void read(MemorySegment register, int offset) {
    whole("pread", file.pread(register, start + checked(offset)), register, offset);
  }

  private void write(MemorySegment register, int offset) {
    whole("pwrite", file.pwrite(register, start + checked(offset)), register, offset);
  }

  private static int checked(int offset) {
    if (offset < 0) {
      throw new IndexOutOfBoundsException("an offset in config space is not negative: " + offset);
    }
    return offset;
  }

  private static void whole(String call, long moved, MemorySegment register, int offset) {
    if (moved != register.byteSize()) {
      throw new IndexOutOfBoundsException(
          call
              + " moved "
              + moved
              + " of "
              + register.byteSize()
              + " bytes at config offset "
              + offset);
    }
  }
}
