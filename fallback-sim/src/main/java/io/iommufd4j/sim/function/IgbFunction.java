// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.function;

import static io.iommufd4j.bindings.pci.pci_h.PCI_COMMAND;

import io.iommufd4j.sim.device.model.IgbModel;
import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.mm.UserMemory;
import io.iommufd4j.sim.pci.PciBus;
import io.iommufd4j.sim.pci.PciConfigSpace;
import io.iommufd4j.sim.pci.PciFunction;
import io.iommufd4j.sim.pci.SriovCapability;
import java.util.List;

/**
 * Intel's network card 82576 (8086:10c9) with SR-IOV and its virtual functions (8086:10ca), with
 * the configuration registers of QEMU 11.1.3's {@code igb}. Behind the BARs of the physical one is
 * {@link IgbModel}; those of the virtual ones read zeros.
 */
public final class IgbFunction extends SriovFunction {

  /** Most virtual functions that the hardware can have. */
  public static final int VIRTUAL_FUNCTIONS = 8;

  private static final int VENDOR = 0x8086;
  private static final int DEVICE = 0x10c9;
  private static final int VIRTUAL_DEVICE = 0x10ca;

  private static final int CLASS_REVISION = 0x0200_0001;
  private static final int SUBSYSTEM_VENDOR = 0x1af4;
  private static final int SUBSYSTEM = 0x1100;

  private static final int REGISTER_BYTES = 0x2_0000;
  private static final int FLASH_BYTES = 0x2_0000;
  private static final int PORT_BYTES = 0x20;
  private static final int MSIX_BYTES = 0x4000;
  private static final int VIRTUAL_BAR_BYTES = 0x4000;
  private static final int FLASH_BAR = 1;
  private static final int PORT_BAR = 2;
  private static final int MSIX_BAR = 3;

  /** The ports, as firmware places them. */
  private static final int PORTS = 0xc000;

  // Where the memory BARs lie, from the base of the first.
  private static final int FLASH_BASE = 0x2_0000;
  private static final int MSIX_BASE = 0x4_0000;
  private static final int VIRTUAL_BASE = 0x6_0000;
  private static final int VIRTUAL_MSIX_BASE = 0x8_0000;

  private static final int PHYSICAL_VECTORS = 10;
  private static final int VIRTUAL_VECTORS = 3;
  private static final int PENDING = 0x2000;

  private static final int POWER_AT = 0x40;
  private static final int MSI_AT = 0x50;
  private static final int MSIX_AT = 0x70;
  private static final int EXPRESS_AT = 0xa0;
  private static final int ERRORS_AT = 0x100;
  private static final int ARI_AT = 0x150;
  private static final int SRIOV_AT = 0x160;

  /** Version 2, and initialization of the device's own ({@code PCI_PM_CAP_DSI}). */
  private static final int POWER = 0x22;

  /** From the physical function to the first virtual one, and from one of those to the next. */
  private static final int FIRST = 0x80;

  private static final int STRIDE = 2;

  private IgbFunction(
      IommuDevice device, PciBus bus, PciConfigSpace config, List<Bar> bars, PciFunction physical) {
    super(device, bus, config, bars, physical, null);
  }

  private IgbFunction(
      IommuDevice device,
      PciBus bus,
      PciConfigSpace config,
      List<Bar> bars,
      SriovCapability sriov,
      UserMemory memory) {
    super(device, bus, config, bars, sriov, memory, IgbModel::new);
  }

  /**
   * A physical function; {@link #plug} puts it on its bus.
   *
   * @param memory what its DMA reaches behind the IOMMU
   * @param base bus address of BAR 0; the others follow within a MiB
   * @param interruptLine the IRQ of its INTA
   */
  public static IgbFunction physical(
      IommuDevice device, PciBus bus, UserMemory memory, long base, int interruptLine) {
    PciConfigSpace config = registers(VENDOR, DEVICE);
    express(config, EXPRESS_AT, ENDPOINT, LONG_TAGS);
    config.msix(MSIX_AT, PHYSICAL_VECTORS, MSIX_BAR, 0, PENDING);
    config.maskableMsi(MSI_AT);
    powerManagement(config, POWER_AT, POWER, 0);
    config.interrupt(1, interruptLine);
    errorReporting(config, ERRORS_AT);
    alternativeRouting(config, ARI_AT);
    var virtualBars =
        List.of(
            new Bar(0, VIRTUAL_BAR_BYTES, base + VIRTUAL_BASE, Space.WIDE_PREFETCHABLE),
            new Bar(
                MSIX_BAR, VIRTUAL_BAR_BYTES, base + VIRTUAL_MSIX_BASE, Space.WIDE_PREFETCHABLE));
    var sriov =
        new SriovCapability(
            config,
            SRIOV_AT,
            VIRTUAL_DEVICE,
            new SriovCapability.Places(VIRTUAL_FUNCTIONS, FIRST, STRIDE),
            virtualBars);
    var bars =
        List.of(
            new Bar(0, REGISTER_BYTES, base),
            new Bar(FLASH_BAR, FLASH_BYTES, base + FLASH_BASE),
            new Bar(PORT_BAR, PORT_BYTES, PORTS, Space.PORTS),
            new Bar(MSIX_BAR, MSIX_BYTES, base + MSIX_BASE, Space.WIDE_MEMORY));
    return new IgbFunction(device, bus, config, bars, sriov, memory);
  }

  @Override
  public PciFunction virtual(IommuDevice its, int number) {
    PciConfigSpace config = registers(UNSAID, UNSAID);
    config.msix(MSIX_AT, VIRTUAL_VECTORS, MSIX_BAR, 0, PENDING);
    express(config, EXPRESS_AT, ENDPOINT, LONG_TAGS);
    errorReporting(config, ERRORS_AT);
    alternativeRouting(config, ARI_AT);
    config.set(PCI_COMMAND(), 2, 0);
    config.interrupt(0, 0);
    return new IgbFunction(its, bus(), config, virtualBars(number), this);
  }

  private static PciConfigSpace registers(int vendor, int device) {
    return new PciConfigSpace(
        PciConfigSpace.EXPRESS, vendor, device, CLASS_REVISION, SUBSYSTEM_VENDOR, SUBSYSTEM);
  }
}
