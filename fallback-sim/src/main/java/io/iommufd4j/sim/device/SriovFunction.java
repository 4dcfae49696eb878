// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.device;

import static io.iommufd4j.bindings.pci.pci_h.PCI_CAP_ID_EXP;
import static io.iommufd4j.bindings.pci.pci_h.PCI_CAP_ID_PM;

import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.pci.PciBus;
import io.iommufd4j.sim.pci.PciConfigSpace;
import io.iommufd4j.sim.pci.PciFunction;
import io.iommufd4j.sim.pci.SriovCapability;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A PCI Express function with SR-IOV, or one of its virtual ones, as far as VFIO shows it: there is
 * nothing behind its BARs, which read zeros; so it does no DMA and raises no interrupt.
 */
abstract class SriovFunction extends PciFunction {

  /** A virtual function does not say what it is: the physical one's capability does. */
  static final int UNSAID = 0xffff;

  private static final int EXPRESS_BYTES = 0x3c;
  private static final int POWER_BYTES = 8;
  private static final int ARI = 0x0e;
  private static final int ARI_BYTES = 8;

  private final List<Bar> bars;
  private final @Nullable PciFunction physical;
  private final @Nullable SriovCapability sriov;

  SriovFunction(
      IommuDevice device,
      PciBus bus,
      PciConfigSpace config,
      List<Bar> bars,
      @Nullable PciFunction physical,
      @Nullable SriovCapability sriov) {
    super(device, bus, config);
    this.bars = bars;
    this.physical = physical;
    this.sriov = sriov;
  }

  /** The PCI Express capability of a function on a link of one lane. */
  static void express(PciConfigSpace config, int at) {
    config.capability(at, PCI_CAP_ID_EXP(), EXPRESS_BYTES);
    config.set(at + 2, 2, 2);
    config.set(at + 4, 4, 0x1000_8000);
    config.set(at + 12, 4, 0x0411);
    config.set(at + 18, 2, 0x0011);
    config.set(at + 36, 4, 0x0030_0000);
    config.allow(at + 40, 2, 0x8000);
  }

  /** The power management capability of a function that keeps its state. */
  static void powerManagement(PciConfigSpace config, int at) {
    config.capability(at, PCI_CAP_ID_PM(), POWER_BYTES);
    config.set(at + 2, 2, 3);
    config.set(at + 4, 2, 8);
    config.allow(at + 4, 2, 3);
  }

  /** The capability of a function whose number has eight bits (ARI). */
  static void alternativeRouting(PciConfigSpace config, int at) {
    config.extended(at, ARI, ARI_BYTES);
  }

  @Override
  public @Nullable PciFunction physical() {
    return physical;
  }

  @Override
  public @Nullable SriovCapability sriov() {
    return sriov;
  }

  @Override
  public List<Bar> bars() {
    return bars;
  }

  @Override
  public List<Register> registers(int bar) {
    return List.of();
  }

  @Override
  public long readBar(int bar, long offset, int bytes) {
    return 0;
  }

  @Override
  protected void writeBar(int bar, long offset, int bytes, long value) {}

  @Override
  protected void resetRegisters() {}
}
