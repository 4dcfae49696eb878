// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.device;

import static io.iommufd4j.bindings.pci.pci_h.PCI_COMMAND;

import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.pci.PciBus;
import io.iommufd4j.sim.pci.PciConfigSpace;
import io.iommufd4j.sim.pci.PciFunction;
import io.iommufd4j.sim.pci.SriovCapability;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Intel's network card 82576 (8086:10c9) with SR-IOV and its virtual functions (8086:10ca): PCI
 * Express configuration registers, the memory BARs and MSI-X. There is no card behind the BARs,
 * which read zeros; so it does no DMA and raises no interrupt.
 */
public final class IgbFunction extends SriovFunction {

  /** Most virtual functions that the hardware can have. */
  public static final int VIRTUAL_FUNCTIONS = 8;

  private static final int VENDOR = 0x8086;
  private static final int DEVICE = 0x10c9;
  private static final int VIRTUAL_DEVICE = 0x10ca;

  private static final int CLASS_REVISION = 0x0200_0001;
  private static final int SUBSYSTEM_VENDOR = 0x8086;
  private static final int SUBSYSTEM = 0xa03c;

  private static final int REGISTER_BYTES = 0x2_0000;
  private static final int MSIX_BYTES = 0x4000;
  private static final int VIRTUAL_BAR_BYTES = 0x4000;
  private static final int MSIX_BAR = 3;

  // Where the BARs lie, from the base of the first.
  private static final int MSIX_BASE = 0x2_0000;
  private static final int VIRTUAL_BASE = 0x4_0000;
  private static final int VIRTUAL_MSIX_BASE = 0x6_0000;

  private static final int PHYSICAL_VECTORS = 10;
  private static final int VIRTUAL_VECTORS = 3;
  private static final int PENDING = 0x2000;

  private static final int POWER_AT = 0x40;
  private static final int MSIX_AT = 0x70;
  private static final int EXPRESS_AT = 0xa0;
  private static final int ARI_AT = 0x150;
  private static final int SRIOV_AT = 0x160;

  /** From the physical function to the first virtual one, and from one of those to the next. */
  private static final int FIRST = 0x80;

  private static final int STRIDE = 2;

  private IgbFunction(
      IommuDevice device,
      PciBus bus,
      PciConfigSpace config,
      List<Bar> bars,
      @Nullable PciFunction physical,
      @Nullable SriovCapability sriov) {
    super(device, bus, config, bars, physical, sriov);
  }

  /**
   * A physical function; {@link #plug} puts it on its bus.
   *
   * @param base bus address of BAR 0; the others follow within a MiB
   * @param interruptLine the IRQ of its INTA
   */
  public static IgbFunction physical(IommuDevice device, PciBus bus, long base, int interruptLine) {
    PciConfigSpace config = powerOn(VENDOR, DEVICE, PHYSICAL_VECTORS);
    config.interrupt(1, interruptLine);
    powerManagement(config, POWER_AT);
    var virtualBars =
        List.of(
            new Bar(0, VIRTUAL_BAR_BYTES, base + VIRTUAL_BASE, Space.WIDE_MEMORY),
            new Bar(MSIX_BAR, VIRTUAL_BAR_BYTES, base + VIRTUAL_MSIX_BASE, Space.WIDE_MEMORY));
    var sriov =
        new SriovCapability(
            config,
            SRIOV_AT,
            VIRTUAL_DEVICE,
            new SriovCapability.Places(VIRTUAL_FUNCTIONS, FIRST, STRIDE),
            virtualBars);
    var bars =
        List.of(new Bar(0, REGISTER_BYTES, base), new Bar(MSIX_BAR, MSIX_BYTES, base + MSIX_BASE));
    return new IgbFunction(device, bus, config, bars, null, sriov);
  }

  @Override
  public PciFunction virtual(IommuDevice its, int number) {
    PciConfigSpace config = powerOn(UNSAID, UNSAID, VIRTUAL_VECTORS);
    config.set(PCI_COMMAND(), 2, 0);
    config.interrupt(0, 0);
    return new IgbFunction(its, bus(), config, virtualBars(number), this, null);
  }

  private static PciConfigSpace powerOn(int vendor, int device, int vectors) {
    var config =
        new PciConfigSpace(
            PciConfigSpace.EXPRESS, vendor, device, CLASS_REVISION, SUBSYSTEM_VENDOR, SUBSYSTEM);
    express(config, EXPRESS_AT);
    config.msix(MSIX_AT, vectors, MSIX_BAR, 0, PENDING);
    alternativeRouting(config, ARI_AT);
    return config;
  }
}
