// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.function;

import static io.iommufd4j.bindings.pci.pci_h.PCI_COMMAND;

import io.iommufd4j.sim.device.model.NvmeModel;
import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.mm.UserMemory;
import io.iommufd4j.sim.pci.PciBus;
import io.iommufd4j.sim.pci.PciConfigSpace;
import io.iommufd4j.sim.pci.PciFunction;
import io.iommufd4j.sim.pci.SriovCapability;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * QEMU's {@code nvme} (1b36:0010): PCI Express configuration registers, one BAR, MSI-X, and {@link
 * NvmeModel}. With SR-IOV as QEMU 7.2 has it; without, in the root complex, as QEMU 11.1.3. The
 * BARs of virtual functions read zeros.
 */
public final class NvmeFunction extends SriovFunction {

  /** Bytes of BAR 0. */
  public static final int BAR_BYTES = 0x4000;

  private static final int VENDOR = 0x1b36;
  private static final int DEVICE = 0x0010;

  private static final int CLASS_REVISION = 0x0108_0202;
  private static final int SUBSYSTEM_VENDOR = 0x1af4;
  private static final int SUBSYSTEM = 0x1100;

  private static final int PHYSICAL_VECTORS = 7;
  private static final int VECTORS = 5;
  private static final int VIRTUAL_VECTORS = 1;
  private static final int TABLE = 0x2000;
  private static final int PENDING = 0x3000;

  private static final int MSIX_AT = 0x40;
  private static final int POWER_AT = 0x60;
  private static final int EXPRESS_AT = 0x80;
  private static final int ARI_AT = 0x100;
  private static final int SRIOV_AT = 0x120;

  /** {@code PCI_EXP_TYPE_RC_END}, with version 2 of the capability. */
  private static final int INTEGRATED = 0x92;

  /** The size of the lab's drive. */
  private static final long DRIVE_BYTES = 32 << 20;

  private NvmeFunction(
      IommuDevice device, PciBus bus, PciConfigSpace config, List<Bar> bars, PciFunction physical) {
    super(device, bus, config, bars, physical, null);
  }

  private NvmeFunction(
      IommuDevice device,
      PciBus bus,
      PciConfigSpace config,
      List<Bar> bars,
      @Nullable SriovCapability sriov,
      UserMemory memory) {
    super(
        device,
        bus,
        config,
        bars,
        sriov,
        memory,
        port -> new NvmeModel(port, config.msixVectors(), DRIVE_BYTES));
  }

  /**
   * A physical function; {@link #plug} puts it on its bus.
   *
   * @param memory what its DMA reaches behind the IOMMU
   * @param base bus address of BAR 0; those of the virtual functions follow
   * @param interruptLine the IRQ of its INTA
   * @param virtualFunctions how many it can have; 0 without SR-IOV
   */
  public static NvmeFunction physical(
      IommuDevice device,
      PciBus bus,
      UserMemory memory,
      long base,
      int interruptLine,
      int virtualFunctions) {
    var bars = List.of(new Bar(0, BAR_BYTES, base, Space.WIDE_MEMORY));
    if (virtualFunctions == 0) {
      PciConfigSpace config = registers(VENDOR, DEVICE);
      powerManagement(config, POWER_AT);
      express(config, EXPRESS_AT, INTEGRATED, LONG_TAGS);
      config.msix(MSIX_AT, VECTORS, 0, TABLE, PENDING);
      config.interrupt(1, interruptLine);
      return new NvmeFunction(device, bus, config, bars, null, memory);
    }
    PciConfigSpace config = powerOn(VENDOR, DEVICE, PHYSICAL_VECTORS);
    config.interrupt(1, interruptLine);
    var sriov =
        new SriovCapability(
            config,
            SRIOV_AT,
            DEVICE,
            new SriovCapability.Places(virtualFunctions, 1, 1),
            List.of(new Bar(0, BAR_BYTES, base + BAR_BYTES, Space.WIDE_MEMORY)));
    return new NvmeFunction(device, bus, config, bars, sriov, memory);
  }

  @Override
  public PciFunction virtual(IommuDevice its, int number) {
    PciConfigSpace config = powerOn(UNSAID, UNSAID, VIRTUAL_VECTORS);
    config.set(PCI_COMMAND(), 2, 0);
    config.interrupt(1, 0);
    return new NvmeFunction(its, bus(), config, virtualBars(number), this);
  }

  private static PciConfigSpace powerOn(int vendor, int device, int vectors) {
    PciConfigSpace config = registers(vendor, device);
    powerManagement(config, POWER_AT);
    express(config, EXPRESS_AT);
    config.msix(MSIX_AT, vectors, 0, TABLE, PENDING);
    alternativeRouting(config, ARI_AT);
    config.set(ARI_AT + 4, 4, 0x100);
    return config;
  }

  private static PciConfigSpace registers(int vendor, int device) {
    return new PciConfigSpace(
        PciConfigSpace.EXPRESS, vendor, device, CLASS_REVISION, SUBSYSTEM_VENDOR, SUBSYSTEM);
  }
}
