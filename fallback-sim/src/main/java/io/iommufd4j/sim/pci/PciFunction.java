// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.pci;

import static io.iommufd4j.bindings.pci.pci_h.PCI_CLASS_REVISION;
import static io.iommufd4j.bindings.pci.pci_h.PCI_DEVICE_ID;
import static io.iommufd4j.bindings.pci.pci_h.PCI_INTERRUPT_LINE;
import static io.iommufd4j.bindings.pci.pci_h.PCI_INTERRUPT_PIN;
import static io.iommufd4j.bindings.pci.pci_h.PCI_SUBSYSTEM_ID;
import static io.iommufd4j.bindings.pci.pci_h.PCI_SUBSYSTEM_VENDOR_ID;
import static io.iommufd4j.bindings.pci.pci_h.PCI_VENDOR_ID;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.device.Register;
import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A PCI function: configuration registers, BARs and what happens behind them. */
public abstract class PciFunction {

  /**
   * A BAR that memory accesses reach.
   *
   * @param bytes a power of two
   * @param base its bus address
   * @param space what it takes addresses of
   */
  public record Bar(int index, long bytes, long base, Space space) {

    /** Memory below 4 GiB. */
    public Bar(int index, long bytes, long base) {
      this(index, bytes, base, Space.MEMORY);
    }

    /** True if it takes the register of the next one as well. */
    public boolean wide() {
      return space == Space.WIDE_MEMORY || space == Space.WIDE_PREFETCHABLE;
    }
  }

  /** The addresses that a BAR takes: its own low bits, and its flags in sysfs. */
  public enum Space {
    /** {@code IORESOURCE_IO}, with the bit that says so in the BAR. */
    PORTS(1, 0x40101),
    /** {@code IORESOURCE_MEM | IORESOURCE_SIZEALIGN}. */
    MEMORY(0, 0x40200),
    /** The same with {@code IORESOURCE_PREFETCH}. */
    PREFETCHABLE(8, 0x42208),
    /** Memory that may lie above 4 GiB: {@code IORESOURCE_MEM_64}. */
    WIDE_MEMORY(4, 0x140204),
    /** The same with {@code IORESOURCE_PREFETCH}. */
    WIDE_PREFETCHABLE(12, 0x14220c);

    private final int bits;
    private final int flags;

    Space(int bits, int flags) {
      this.bits = bits;
      this.flags = flags;
    }

    /** The low bits of the BAR's register. */
    public int bits() {
      return bits;
    }

    /** {@code IORESOURCE_*}, as sysfs shows them. */
    public int flags() {
      return flags;
    }
  }

  private final IommuDevice device;
  private final PciBus bus;
  private final PciConfigSpace config;

  /** The line that Linux gives it with a driver; 0 where the firmware has seen to that. */
  private volatile int routedLine;

  private final BarWindows windows = new BarWindows();
  private final InterruptPort interrupts;
  private volatile List<FunctionReset> resets = List.of();

  protected PciFunction(IommuDevice device, PciBus bus, PciConfigSpace config) {
    this.device = device;
    this.bus = bus;
    this.config = config;
    this.interrupts = new InterruptPort(config, new MessageTranslator(device));
  }

  /** Puts it on its bus, once it is whole. */
  public final void plug() {
    if (physical() == null) {
      bars().forEach(this::describe);
    }
    resets = possibleResets();
    bus.add(this);
  }

  private void describe(Bar bar) {
    config.bar(bar.index(), bar.bytes(), bar.base() | bar.space().bits(), bar.wide());
  }

  /** Takes it from its bus. */
  public final void unplug() {
    bus.remove(this);
  }

  /** The function that it is a virtual one of; null when it is none. */
  public @Nullable PciFunction physical() {
    return null;
  }

  /** The capability that its virtual functions come from; null without SR-IOV. */
  public @Nullable SriovCapability sriov() {
    return null;
  }

  /**
   * A virtual function of it; {@link #plug} puts it on the same bus.
   *
   * @param its where the virtual function's DMA comes from
   * @param number its number among those of this one, from 0
   * @throws IllegalStateException without SR-IOV
   */
  public PciFunction virtual(IommuDevice its, int number) {
    throw new IllegalStateException(this + " has no virtual functions");
  }

  /** The BARs of one of its virtual functions, by its number. */
  protected final List<Bar> virtualBars(int number) {
    SriovCapability capability = sriov();
    return capability == null
        ? List.of()
        : capability.bars().stream()
            .map(first ->
                new Bar(
                    first.index(),
                    first.bytes(),
                    first.base() + number * first.bytes(),
                    first.space()))
            .toList();
  }

  /** Domain, bus, device and function, as {@code 0000:00:08.0}. */
  public final String address() {
    return device.name();
  }

  /** The device that its DMA comes from. */
  public final IommuDevice device() {
    return device;
  }

  /** The bus it is on. */
  public final PciBus bus() {
    return bus;
  }

  /**
   * No firmware has said which IRQ its pin leads to: Linux finds out when the function is about to
   * get a driver. Nothing happens to a function without a pin.
   *
   * @param line the IRQ, where its registers do not have one
   */
  public final void routeInterrupt(int line) {
    if (config.read(PCI_INTERRUPT_PIN(), 1) != 0) {
      int known = config.read(PCI_INTERRUPT_LINE(), 1);
      routedLine = known != 0 ? known : line;
      config.set(PCI_INTERRUPT_LINE(), 1, 0);
    }
  }

  /** {@code pci_assign_irq}. */
  final void assignInterrupt() {
    if (routedLine != 0) {
      config.set(PCI_INTERRUPT_LINE(), 1, routedLine);
    }
  }

  /** Its configuration registers. */
  public final PciConfigSpace config() {
    return config;
  }

  /** {@code PCI_VENDOR_ID}; of a virtual function the physical one's. */
  public final int vendor() {
    PciFunction physical = physical();
    return physical == null ? config.read(PCI_VENDOR_ID(), 2) : physical.vendor();
  }

  /** {@code PCI_DEVICE_ID}; of a virtual function what the physical one says. */
  public final int deviceId() {
    PciFunction physical = physical();
    SriovCapability sriov = physical == null ? null : physical.sriov();
    return sriov == null ? config.read(PCI_DEVICE_ID(), 2) : sriov.virtualDeviceId();
  }

  /** {@code PCI_SUBSYSTEM_VENDOR_ID}. */
  public final int subsystemVendor() {
    return config.read(PCI_SUBSYSTEM_VENDOR_ID(), 2);
  }

  /** {@code PCI_SUBSYSTEM_ID}. */
  public final int subsystem() {
    return config.read(PCI_SUBSYSTEM_ID(), 2);
  }

  /** Class, subclass and programming interface: 24 bits. */
  public final int classCode() {
    return config.read(PCI_CLASS_REVISION(), 4) >>> 8;
  }

  /** {@code PCI_REVISION_ID}. */
  public final int revision() {
    return config.read(PCI_CLASS_REVISION(), 1);
  }

  /** The IRQ of its legacy interrupt. */
  public final int interruptLine() {
    return config.read(PCI_INTERRUPT_LINE(), 1);
  }

  /** The BARs it has; an index that is missing is not implemented. */
  public abstract List<Bar> bars();

  /**
   * The registers of a BAR that do something when they are read or written, the one that starts
   * work last.
   */
  public abstract List<Register> registers(int bar);

  /**
   * A read that reaches a BAR.
   *
   * @param bytes 1, 2, 4 or 8; the offset is a multiple of it
   */
  public abstract long readBar(int bar, long offset, int bytes);

  /** The value that a register shows where a BAR is mapped: reading it so changes nothing. */
  protected abstract long showBar(int bar, Register register);

  /** Fills what lies between the registers of a BAR where it is mapped. */
  protected abstract void fillBar(int bar, long offset, MemorySegment mapping);

  /**
   * A write that reaches a BAR; as {@link #readBar}. What interrupts it raises are delivered
   * afterwards, by {@link #store}.
   */
  protected abstract void writeBar(int bar, long offset, int bytes, long value);

  /** A write that reaches a BAR, what the BAR shows then, and the interrupts that it raises. */
  public final void store(int bar, long offset, int bytes, long value) {
    writeBar(bar, offset, bytes, value);
    windows.show();
    interrupts.deliver();
  }

  /** The port that its interrupts leave by. */
  public final InterruptPort interrupts() {
    return interrupts;
  }

  /** Resets the registers behind the BARs. */
  protected abstract void resetRegisters();

  /** The mappings of its BARs into programs. */
  public final BarWindows windows() {
    return windows;
  }

  /** The BAR of an index; null for one that is not implemented. */
  public final @Nullable Bar bar(int index) {
    return bars().stream().filter(b -> b.index() == index).findFirst().orElse(null);
  }

  /** {@code vfio_pci_probe_mmaps}: true for a BAR of memory, false for ports and for none. */
  public final boolean mappable(int index) {
    return bars().stream().anyMatch(b -> b.index() == index && b.space() != Space.PORTS);
  }

  /** {@code pci_resource_len}: bytes of a BAR, 0 for one that is not implemented. */
  public final long barBytes(int index) {
    return bars().stream().filter(b -> b.index() == index).mapToLong(Bar::bytes).sum();
  }

  /** {@code pci_resource_start}: the bus address the firmware gave a BAR. */
  public final long barBase(int index) {
    return bars().stream().filter(b -> b.index() == index).mapToLong(Bar::base).sum();
  }

  /** {@code pci_init_reset_methods}: how it could be reset by itself, best first. */
  public final List<FunctionReset> possibleResets() {
    return FunctionReset.of(this);
  }

  /** The ways to reset it that may be used, in order ({@code reset_method}). */
  public final List<FunctionReset> resets() {
    return resets;
  }

  /** Says which may be used. */
  public final void resets(List<FunctionReset> chosen) {
    resets = List.copyOf(chosen);
  }

  /** True if it can be reset by itself at this moment. */
  public final boolean resettable() {
    return resets.stream().anyMatch(way -> way.possible(this));
  }

  /**
   * {@code pci_try_reset_function}: DMA is blocked meanwhile, the registers behind the BARs start
   * anew, and the configuration registers are as before.
   *
   * @throws Refused ENOTTY when there is no way to reset it
   */
  public final void reset() {
    if (!resettable()) {
      throw Refused.with(Errno.ENOTTY);
    }
    resetWithBus();
  }

  /** Resets the function as part of a reset of its bus. */
  public final void resetWithBus() {
    if (!device.grouped()) {
      resetRegisters();
      windows.show();
      return;
    }
    device.group().beginReset(device);
    try {
      resetRegisters();
    } finally {
      device.group().endReset(device);
    }
    windows.show();
  }

  @Override
  public final String toString() {
    return address();
  }
}
